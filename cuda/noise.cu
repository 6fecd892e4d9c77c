/* noise.cu: to be written. */
#include "common.cuh"
