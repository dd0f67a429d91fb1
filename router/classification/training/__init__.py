"""Making the weights.

In: labelled prompts. Out: `Weights`. Never: anything but numpy, or anything that serving imports.
"""
