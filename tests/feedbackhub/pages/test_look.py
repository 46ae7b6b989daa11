"""A curator's pages fit their screen, and nothing on them keeps anybody out."""

from __future__ import annotations

import pytest

from tests.feedbackhub.desk.site import SCREEN, new_name, serious

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="package")
def addresses(rows) -> dict[str, str]:
    return dict(rows.all_kinds(new_name("rupa")))


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(SCREEN, "light"), (PHONE, "dark")], ids=["desktop", "phone"]
)
def test_each_page_fits_and_is_accessible(hub, addresses, viewport, scheme):
    desk = hub.desk(role="Kurator", viewport=viewport, color_scheme=scheme)
    found = {}
    for name, address in addresses.items():
        assert desk.page.goto(desk.line.origin + address).status == 200, name
        desk.page.wait_for_load_state("networkidle")
        found[name] = (max(desk.overflow(), 0), serious(desk.page))
    assert found == dict.fromkeys(addresses, (0, []))


@pytest.mark.parametrize(
    ("viewport", "shows"), [(SCREEN, "a run"), (PHONE, "a model")], ids=["desktop", "phone"]
)
def test_the_menu_opens_and_closes_by_keyboard(hub, addresses, viewport, shows):
    page = hub.desk(role="Kurator", viewport=viewport).page
    page.goto(hub.line.origin + addresses[shows])
    shown = page.locator("#nav-sidebar").is_visible()
    page.locator("button[aria-label=Menu]:visible").press("Enter")
    page.wait_for_function(
        "shown => document.querySelector('#nav-sidebar').checkVisibility() !== shown", arg=shown
    )
