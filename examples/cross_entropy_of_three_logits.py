"""Cross-entropy of three logits, by hand and with fastloss.

A model scores three classes with the logits 2, 1 and 0.1; class 0 is right. Softmax turns logits
into probabilities, the loss is minus the logarithm of the right one, and its gradient is p - y: the
probabilities, less 1 at the right class.
"""

import numpy as np

import fastloss as fl

logits = np.array([[2.0, 1.0, 0.1]])
target = np.array([0])

# By hand. The largest logit is taken off first: exp of a large number would overflow.
powers = np.exp(logits - logits.max())
p = powers / powers.sum()
y = np.array([[1.0, 0.0, 0.0]])
by_hand = -np.log(p[0, target[0]])

loss, grad = fl.cross_entropy(logits, target, grad=True)

print("logits      ", logits[0])
print("softmax p   ", p[0].round(4))
print("target y    ", y[0])
print(f"loss         {loss:.6f}   by hand -ln p[0] = {by_hand:.6f}")
print("gradient    ", grad[0].round(4), "  p - y =", (p - y)[0].round(4))
print("The gradient sums to 0: a step moves score from the wrong classes to the right one.")

step = logits - 1.0 * grad
print(f"after a step of size 1 against it, the loss is {fl.cross_entropy(step, target):.6f}")

uniform = fl.cross_entropy(np.zeros((1, 3)), target)
print(f"for comparison: knowing nothing costs ln 3 = {uniform:.6f}")

np.testing.assert_allclose(loss, by_hand, rtol=1e-12)
np.testing.assert_allclose(grad, p - y, rtol=1e-12)
