"""The policy in force.

In: policies that have been checked. Out: the current one; a request reads it once and finishes on
what it read. Never: a change within a policy; it is swapped whole.
"""

from router.policy.policy import Policy


class PolicyStore:
    """Holds the current policy. Swapping is one assignment, so readers need no lock."""

    def __init__(self, policy: Policy) -> None:
        self._current = policy

    @property
    def current(self) -> Policy:
        """The policy that new requests use."""
        return self._current

    def swap(self, policy: Policy) -> None:
        """Put `policy` in force for requests that come from now on."""
        self._current = policy
