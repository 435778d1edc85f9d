"""`_speech/roles.yml` → role cues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from qc.domain.conversation import Role
from qc.domain.speech import RoleCue
from qc.paths import packaged
from qc.specs.document import Document, Loc, Problems, read
from qc.specs.model import Spec
from qc.specs.scalars import Text, WordText

FILE = "roles.yml"
_ROLES = (Role.AGENT, Role.CUSTOMER, Role.SYSTEM)
_SHORTEST = 2


class CueGroupSpec(Spec):
    """一组权重相同的说法。"""

    weight: float = Field(default=1.0, gt=0, le=10, description="权重：0.5 弱，4 凭这一句几乎可以断定；不写为 1")
    projects: tuple[Text, ...] = Field(default=(), description="只用于哪些业务项目；不写就都用")
    texts: tuple[WordText, ...] = Field(min_length=1, description="说法，不带标点；听成同音字的也算")


class RoleCuesSpec(Spec):
    """说话人线索，放在 _speech/roles.yml：哪些话一听就知道是谁说的。"""

    agent: tuple[CueGroupSpec, ...] = Field(default=(), description="坐席说的话")
    customer: tuple[CueGroupSpec, ...] = Field(default=(), description="客户说的话")
    system: tuple[CueGroupSpec, ...] = Field(default=(), description="系统播报")


def load_role_cues(folder: Path) -> tuple[RoleCue, ...]:
    """Cues in order of the file; those that come with qc where `folder` has no `roles.yml`.

    Raises SpecError with all problems: V001 a text twice (in a role or in two) for the same project, V002 a text with
    fewer than two characters to be heard.
    """
    path = folder / FILE
    document = read(path if path.is_file() else packaged("rules") / "_speech" / FILE)
    problems = Problems()
    spec = problems.check(document, RoleCuesSpec)
    cues = [] if spec is None else list(_cues(spec, document, problems))
    problems.raise_if_errors()
    return tuple(cues)


def _cues(spec: RoleCuesSpec, document: Document, problems: Problems) -> Iterator[RoleCue]:
    known: dict[str, list[tuple[Role, CueGroupSpec]]] = {}
    for role in _ROLES:
        groups: tuple[CueGroupSpec, ...] = getattr(spec, role.value)
        for g, group in enumerate(groups):
            for t, text in enumerate(group.texts):
                loc: Loc = (role.value, g, "texts", t)
                if sum(map(str.isalnum, text)) < _SHORTEST:
                    problems.add(document, loc, "V002", f"“{text}”太短，听不出是谁说的", "至少写两个字。")
                for other, before in known.get(text, ()):
                    if not group.projects or not before.projects or set(group.projects) & set(before.projects):
                        where = "这里" if other is role else f"{other.value} 里"
                        problems.add(document, loc, "V001", f"“{text}”在{where}已经写过", "删掉其中一个。")
                        break
                known.setdefault(text, []).append((role, group))
                yield RoleCue(role=role.value, text=text, weight=group.weight, projects=group.projects)
