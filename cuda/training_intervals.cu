/* training_intervals.cu: to be written. */
#include "common.cuh"
