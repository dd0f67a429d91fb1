"""Policies: what the router does with a request, as its operator wrote it.

In: a YAML file; an `Ask` and the backends' health. Out: a frozen `Policy`; a `Decision`. Never: a
request sent, or a clock read.
"""

from router.policy.decision import decide
from router.policy.loading import load_policy
from router.policy.names import Wish, listed_models, read_wish
from router.policy.policy import Expectation, Policy, PolicyTest
from router.policy.shipped import resolve_policy_path, shipped_names, shipped_policy

__all__ = [
    "Expectation",
    "Policy",
    "PolicyTest",
    "Wish",
    "decide",
    "listed_models",
    "load_policy",
    "read_wish",
    "resolve_policy_path",
    "shipped_names",
    "shipped_policy",
]
