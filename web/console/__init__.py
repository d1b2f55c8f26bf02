'''The pages of the staff port: server-rendered, in the frame of `templates/staff/layout.html`.

A part of the console is one file here with handlers and a `MODULE`; `web.staff.make_staff_app` lists the modules.

    async def list_gaps(request: web.Request) -> web.Response:
        """Show what was not answered."""
        member = member_of(request)                                       # who is signed in (staff.Member)
        gaps = await transact(request, lambda session: find_gaps(session, member.regions))   # one transaction, off the loop
        return render(request, "gaps/list.html", title="没答好的问题", gaps=gaps)

    async def close_gap(request: web.Request) -> web.Response:
        """Close one."""
        gap = await transact(request, lambda session: read_gap(session, request.match_info["gap"]))
        allow(request, Permission.GAPS_HANDLE, region=gap.region)         # 403 when it is not in the member's scope
        reason = text_of(await request.post(), "reason")

        def close(session: Session) -> None:
            close_it(session, gap, reason)
            record(session, member_of(request).login, "gap_closed", f"gap:{gap.id}")      # staff.record: same transaction

        await change(request, close)                                    # transact that holds the audit log
        return redirect(request, "/gaps", "已关闭。")                       # the notice is shown once on the next page

    MODULE = Module(
        routes=(
            Route("GET", "/gaps", list_gaps, needs(Permission.GAPS_READ)),
            Route("POST", "/gaps/{gap}/close", close_gap, needs(Permission.GAPS_HANDLE)),
        ),
        nav=(NavEntry("没答好的问题", "/gaps", Permission.GAPS_READ, "知识"),),
        actions={"gap_closed": "关闭没答好的问题"},
        statuses={GapNotFound: 404},
    )

What the frame does for it: who is not signed in goes to the sign-in page and back; a route without a decision is refused;
every POST needs the form token (`{{ form_token(csrf_token) }}` in a form; htmx sends it by itself); our errors become a page, a
fragment for htmx or JSON with their own sentence (422, or what `statuses` says); everything in a template is escaped; no
inline script or style (the Content-Security-Policy forbids it). Domain packages don't import `staff`: the handler asks `may`
(through `allow`) and calls `record` in the transaction of the change. `tests/integration/test_staff_routes.py` walks every
route with every role: nothing to add there, except an example for a new kind of path parameter.

Templates: `templates/staff/<module>/`. Start with `{% extends "layout.html" %}`, fill the block `content`, import macros from
`parts.html` (form_token, problem, empty, action, pager). `can(permission)` hides a button that would be refused. Scripts of
a module: `static/staff/<module>.js`, added in the block `scripts`.
'''
