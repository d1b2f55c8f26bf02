"""Who may do what: the roles, the permissions, and the one matrix of both. Pages ask `may`, never for a role.

A scope narrows what belongs to a place: knowledge, gaps, conversations, the desk. Accounts and the audit log belong to
the whole installation and know no scope.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from language import ancestors


class Role(str, Enum):
    """What somebody does here; a member may have several."""

    EDITOR = "editor"
    REVIEWER = "reviewer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """The role's name as staff read it."""
        return _ROLES[self][0]

    @property
    def about(self) -> str:
        """One sentence on what the role is for."""
        return _ROLES[self][1]


_ROLES = {
    Role.EDITOR: ("编辑", "写和改知识条目，处理没答好的问题。"),
    Role.REVIEWER: ("审核", "审核并发布条目，决定停用和回退。"),
    Role.AGENT: ("坐席", "在服务台接待市民。"),
    Role.SUPERVISOR: ("班长", "管服务台：看排队、派单、抽查会话、处理差评。"),
    Role.ANALYST: ("分析", "看数据看板和没答好的问题，不改任何东西。"),
    Role.ADMINISTRATOR: ("管理员", "管账号和审计，处理没送达的消息，遇紧急情况停用机器人。"),
}


class Permission(str, Enum):
    """One thing that a page or a button needs."""

    KNOWLEDGE_READ = "knowledge.read"
    KNOWLEDGE_EDIT = "knowledge.edit"
    KNOWLEDGE_APPROVE = "knowledge.approve"
    KNOWLEDGE_IMPORT = "knowledge.import"
    GAPS_READ = "gaps.read"
    GAPS_HANDLE = "gaps.handle"
    DASHBOARD_READ = "dashboard.read"
    CONVERSATIONS_READ = "conversations.read"
    PERSONAL_DATA_REVEAL = "personal_data.reveal"
    DESK_SERVE = "desk.serve"
    DESK_SUPERVISE = "desk.supervise"
    DELIVERIES_READ = "deliveries.read"
    DELIVERIES_HANDLE = "deliveries.handle"
    EMERGENCY_CONTROL = "emergency.control"
    AUDIT_READ = "audit.read"
    STAFF_MANAGE = "staff.manage"
    SYSTEM_READ = "system.read"

    @property
    def label(self) -> str:
        """The permission in words, for the page that shows the matrix."""
        return _PERMISSIONS[self]


_PERMISSIONS = {
    Permission.KNOWLEDGE_READ: "看知识条目，用检索实验室",
    Permission.KNOWLEDGE_EDIT: "写和改知识条目",
    Permission.KNOWLEDGE_APPROVE: "审核、发布、停用、回退条目",
    Permission.KNOWLEDGE_IMPORT: "批量导入和撤销导入",
    Permission.GAPS_READ: "看没答好的问题",
    Permission.GAPS_HANDLE: "处理没答好的问题",
    Permission.DASHBOARD_READ: "看数据看板",
    Permission.CONVERSATIONS_READ: "看会话记录（已遮蔽个人信息）",
    Permission.PERSONAL_DATA_REVEAL: "查看被遮蔽的个人信息（要写理由）",
    Permission.DESK_SERVE: "在服务台接待市民",
    Permission.DESK_SUPERVISE: "督导服务台",
    Permission.DELIVERIES_READ: "看消息送达情况",
    Permission.DELIVERIES_HANDLE: "重发或放弃没送达的消息",
    Permission.EMERGENCY_CONTROL: "公告、统一答复、停用机器人",
    Permission.AUDIT_READ: "查审计记录",
    Permission.STAFF_MANAGE: "管理工作人员账号",
    Permission.SYSTEM_READ: "看系统状态",
}

MATRIX: dict[Role, frozenset[Permission]] = {
    Role.EDITOR: frozenset(
        {
            Permission.KNOWLEDGE_READ,
            Permission.KNOWLEDGE_EDIT,
            Permission.KNOWLEDGE_IMPORT,
            Permission.GAPS_READ,
            Permission.GAPS_HANDLE,
        }
    ),
    Role.REVIEWER: frozenset(
        {
            Permission.KNOWLEDGE_READ,
            Permission.KNOWLEDGE_APPROVE,
            Permission.GAPS_READ,
            Permission.DASHBOARD_READ,
        }
    ),
    Role.AGENT: frozenset(
        {
            Permission.KNOWLEDGE_READ,
            Permission.DESK_SERVE,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            Permission.KNOWLEDGE_READ,
            Permission.GAPS_READ,
            Permission.DASHBOARD_READ,
            Permission.CONVERSATIONS_READ,
            Permission.PERSONAL_DATA_REVEAL,
            Permission.DESK_SERVE,
            Permission.DESK_SUPERVISE,
            Permission.DELIVERIES_READ,
            Permission.EMERGENCY_CONTROL,
        }
    ),
    Role.ANALYST: frozenset(
        {
            Permission.KNOWLEDGE_READ,
            Permission.GAPS_READ,
            Permission.DASHBOARD_READ,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.KNOWLEDGE_READ,
            Permission.DASHBOARD_READ,
            Permission.DELIVERIES_READ,
            Permission.DELIVERIES_HANDLE,
            Permission.EMERGENCY_CONTROL,
            Permission.AUDIT_READ,
            Permission.STAFF_MANAGE,
            Permission.SYSTEM_READ,
        }
    ),
}


@dataclass(frozen=True)
class Member:
    """A staff member as the rest of the program sees one. No department or no region means: not limited by it."""

    id: str
    login: str
    name: str
    roles: frozenset[Role] = frozenset()
    departments: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    active: bool = True
    must_change_password: bool = False
    second_factor: bool = False

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the member's roles allow together, before any scope."""
        return frozenset().union(*(MATRIX[role] for role in self.roles))


def may(member: Member, permission: Permission, *, department: str | None = None, region: str | None = None) -> bool:
    """Tell whether a member may do something.

    Args:
        member: who asks.
        permission: what it needs.
        department: the department that the object belongs to; without one, departments don't matter.
        region: the six-digit code of the object's region; a member of a city may also work in its counties. Without one,
            regions don't matter.
    """
    if not member.active or permission not in member.permissions:
        return False
    if department is not None and member.departments and department not in member.departments:
        return False
    if region is not None and member.regions:
        return bool(member.regions & {region, *(above.code for above in ancestors(region))})
    return True
