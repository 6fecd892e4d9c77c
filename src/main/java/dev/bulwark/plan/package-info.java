/**
 * Networks laid onto a device: parameters, the steps that compute values, and the buffers that hold them. It knows what an
 * operation is on a device and nothing of what is asked: bounds, attacks, votes and training walk its steps.
 *
 * <p>An operation that is new to {@link dev.bulwark.model.Op} gets a step here, or an operator for an existing one.
 */
package dev.bulwark.plan;
