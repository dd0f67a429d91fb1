"""The stage of facts that leave no doubt.

In: the structure of a prompt. Out: a category where its definition alone decides. Never: a guess
from words, or from the presence of tools, which is no evidence of code work.
"""

from router.categories import CODE_GENERATION
from router.classification.stages.stage import Weighed, certain
from router.types import Classification, Prompt


class StructureStage:
    """Knows that a completion with a suffix is infill: code that does not exist yet."""

    name = "structure"

    def classify(self, prompt: Prompt, declared: str | None) -> Classification | None:
        """Return code generation for infill, else None."""
        del declared
        if not prompt.infill:
            return None
        return Classification(
            CODE_GENERATION,
            1.0,
            self.name,
            certain(CODE_GENERATION),
            fact="infill",
        )

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Return the deciding fact."""
        return (Weighed("infill", CODE_GENERATION, 1.0),) if prompt.infill else ()
