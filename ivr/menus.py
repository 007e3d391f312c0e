"""The menus in force, and the earlier versions that calls on the line still keep."""

import json
from collections.abc import Mapping

from config.versions import ConfigVersions
from ivr.call import Call
from ivr.errors import UnknownMenu
from ivr.menu import Menu


class MenuBook:
    def __init__(self, menus: Mapping[str, Menu], versions: ConfigVersions) -> None:
        self._current = dict(menus)
        self._known = {menu.version: menu for menu in menus.values()}
        self._versions = versions

    async def keep(self) -> None:
        """Stores the menus in force, so that a call that begins on one can finish on it."""
        for menu in self._current.values():
            body = json.dumps(menu.model_dump(mode="json", by_alias=True), ensure_ascii=False)
            await self._versions.keep("menu", menu.name, menu.version, body)

    def all(self) -> list[Menu]:
        return [self._current[name] for name in sorted(self._current)]

    def current(self, name: str) -> Menu:
        """Raises `UnknownMenu`."""
        if name not in self._current:
            raise UnknownMenu(name)
        return self._current[name]

    async def of(self, call: Call) -> Menu:
        """The version that the call began on; raises `UnknownMenu` for a call that was never admitted."""
        version = call.menu_version or ""
        if version not in self._known:
            body = await self._versions.body("menu", version)
            if body is None:
                raise UnknownMenu(call.menu or "(none)")
            self._known[version] = Menu.model_validate_json(body)
        return self._known[version]
