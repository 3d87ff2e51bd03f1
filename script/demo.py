"""The main job, to be watched: from a pool of 20,000 to a verified draw, with real calls to real (if patient) telephones.

    script/demo            does it with the console beside it, and leaves all running until Ctrl-C: log in and draw another
    script/demo --once     does it and ends: 0 when everything held

Its evidence is taken three times: before the result opens (2), once it is open (3: more may follow), and when the activity has
ended and its chain is closed (0).

Everything lies in $EXPERTLINE_STATE/demo and is made anew each time. The telephones are a second Asterisk on this machine,
which behaves by the last two digits of the number dialled (docs/far-end.md).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import sys
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.live import Live

from asterisk.folders import cache_folder, state_folder, voice_folder
from asterisk.inbox import read_messages
from asterisk.instance import DidNotStart, Instance
from asterisk.ports import PortTaken, free_port, free_range
from asterisk.program import NoAsterisk
from asterisk.render import BadFolder
from asterisk.settings import FarEndSettings, NodeSettings, Trunk
from db.cluster import Cluster, ClusterError
from db.errors import DatabaseError
from db.pool import Database
from db.rights import CONSOLE
from db.vault import Signer, Vault
from drawing import evidence, result
from drawing.board import board
from drawing.chain import Custody
from drawing.experts.__main__ import main as experts
from drawing.lifecycle import ActivityState, Role
from drawing.reference import reference
from drawing.start import start
from drawing.transcript import CHINA
from drawing.verify import Notes, verify
from ivr.speech.kokoro.folder import NoFolder
from ivr.speech.kokoro.folder import installed as installed_voice
from script.board import render, summary
from script.install import Choices, Installation, install
from script.sample import GATHERS_BEFORE, RULES, RULES_TO_THE_END, SECOND_OPENS_AFTER, register
from web.development import IDENTITIES

POOL, SEED = 20_000, 20261123
EXPORT_TAKES = timedelta(seconds=10)  # at most, for the evidence of 20,000 experts
LIMIT = 15 * 60.0
GOODBYE_SECONDS = 10.0  # for the worker, when the demo is broken off in mid-call
WITNESS_DIGITS = "48291306"
CONSOLE_PORT = 8080
CALLER_ID = "02083180000"
# How the telephones of the pool behave, by the last two digits of their numbers. Not half of them accept: the lots are real,
# and a draw in which nobody is busy, silent or unwilling shows little.
TELEPHONES = {
    "23": 22, "24": 2, "03": 4, "04": 4, "16": 6,  # accept, each in their way
    "02": 12, "06": 6, "07": 8, "08": 4, "12": 4, "15": 4, "09": 4, "14": 3, "19": 2,
}  # fmt: skip
UNOPENED, OPEN_END, CLOSED = 2, 3, 0  # the verifier's verdicts
OPENED = "SELECT bool_and(unsealed_at IS NOT NULL) FROM draw WHERE activity = %(activity)s"
IS_CLOSED = "SELECT closed_at FROM activity WHERE id = %(activity)s"
console = Console()


class Failed(Exception):
    """The demo did not come to its end; the message says where."""


def step(text: str) -> None:
    console.print(f"[bold]▶[/] {text}")


def make_pool(folder: Path, installed: Installation) -> None:
    """Generate 20,000 experts who do not exist, and import them as an administrator would."""
    file = folder / "experts.csv"
    suffixes = ",".join(f"{digits}={weight}" for digits, weight in TELEPHONES.items())
    step(f"生成 {POOL} 位虚构专家并导入（csv → 校验 → 加密入库）")
    arguments = ["generate", str(POOL), "--seed", str(SEED), "--out", str(file), "--suffixes", suffixes]
    if experts(arguments) or experts(
        ["import", str(file), "--dsn", installed.dsn(CONSOLE), "--key", str(installed.master_key), "--by", "demo"]
    ):
        raise Failed("the pool could not be imported")


@contextlib.asynccontextmanager
async def telephones(folder: Path) -> AsyncIterator[tuple[Instance[NodeSettings], Instance[FarEndSettings]]]:
    """Our Asterisk and the far end, on ports that are free now."""
    sip, far_sip = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    node = NodeSettings(
        folder=folder / "node", sip_port=sip, http_port=free_port(), rtp=free_range(),
        trunks=(Trunk("carrier", "127.0.0.1", far_sip),), inbound_app="expertline", hep_port=free_port(socket.SOCK_DGRAM),
    )  # fmt: skip
    far_end = FarEndSettings(
        folder=folder / "far", sip_port=far_sip, http_port=free_port(), rtp=free_range(), node_port=sip,
        witness_digits=WITNESS_DIGITS, press_after=6.0, press_again_after=4.0,
    )  # fmt: skip
    async with Instance(far_end) as there, Instance(node) as here:
        yield here, there


@contextlib.asynccontextmanager
async def program(folder: Path, module: str, settings: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m ivr` or `python -m web`, as on a server."""
    with (folder / f"{module}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, str(settings), stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), GOODBYE_SECONDS)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def watch(db: Database, activity: str, process: asyncio.subprocess.Process, log: Path) -> None:
    """The live board until the draw is sealed."""
    deadline, told = asyncio.get_running_loop().time() + LIMIT, ""
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        while asyncio.get_running_loop().time() < deadline:
            if process.returncode is not None:
                raise Failed(f"the worker ended with code {process.returncode}:\n{log.read_text()[-2000:]}")
            now = await board(db, activity, RULES_TO_THE_END.unseal_lead_s)
            live.update(render(now, datetime.now(UTC)))
            if not console.is_terminal and (line := summary(now)) != told:
                console.print(told := line)
            if now.state is ActivityState.ENDED and not now.sealed:
                raise Failed("预计评标结束 came before all seats had agreed: this machine is too busy for the demo's times")
            if now.state is ActivityState.SHORT:
                raise Failed("the eligible were used up before the seats were filled")
            if now.sealed:
                return
            await asyncio.sleep(0.25)
    raise Failed(f"not sealed within {LIMIT / 60:.0f} minutes; the worker said:\n{log.read_text()[-2000:]}")


async def until(db: Database, sql: str, activity: str, process: asyncio.subprocess.Process, what: str) -> None:
    """Wait for what the worker does by the clock, without looking at any page."""
    step(what)
    try:
        async with asyncio.timeout(LIMIT):
            while not await db.value(sql, {"activity": activity}):
                if process.returncode is not None:
                    raise Failed(f"the worker ended with code {process.returncode}")
                await asyncio.sleep(0.25)
    except TimeoutError:
        raise Failed(f"waited in vain for {LIMIT / 60:.0f} minutes: {what}") from None


async def show_result(db: Database, custody: Custody, activity: str) -> None:
    """抽取结果, opened by the clock."""
    step("抽取结果（虚构专家）")
    names = reference().specialties
    for member in await result.members(db, custody, activity):
        specialties = "、".join(f"({code}){names[code].name}" for code in member.specialties[:2])
        console.print(
            f"   {member.condition}-{member.seat}  {member.name}  {member.unit}  {member.title}  {specialties}"
            f"  验证码 {member.code}"
        )


@dataclass(frozen=True)
class Exporting:
    """Takes and verifies the evidence of one activity, with the witness's own notes."""

    db: Database
    custody: Custody
    activity: str
    folder: Path
    fingerprint: str

    async def verified(self, name: str, form: evidence.Form, expected: int, why: str) -> Path:
        """The evidence in a new folder; raises Failed unless the verifier's verdict is the expected one."""
        out = self.folder / "evidence" / f"{self.activity}-{name}"
        await evidence.export(self.db, self.custody, self.activity, out, form, "demo")
        step(f"导出证据并离线核验（python -m drawing verify）：{why}，应为 {expected}")
        notes = Notes(self.custody.signer.fingerprint, (self.fingerprint,), () if expected == UNOPENED else (WITNESS_DIGITS,))
        report = await asyncio.to_thread(verify, out, notes)
        if expected == CLOSED or report.exit_code != expected:
            console.print(report.text(), markup=False, highlight=False)
        if report.exit_code != expected:
            raise Failed(f"the verdict is {report.exit_code}, and {expected} was expected: {out}")
        return out


async def run(folder: Path, dsn_prefix: str, *, once: bool) -> None:
    """The whole demonstration."""
    async with telephones(folder) as (node, far_end):
        step(f"Asterisk 已启动：本端 {node.settings.ari_url}，对端（模拟电话）SIP 端口 {far_end.settings.sip_port}")
        installed = install(folder, dsn_prefix, choices(folder, node.settings))
        tell_voice(voice_folder())
        await asyncio.to_thread(make_pool, folder, installed)
        vault = Vault.open(installed.master_key)
        custody = Custody(vault, Signer.open(installed.signing_key, vault))
        async with contextlib.AsyncExitStack() as stack:
            db = await stack.enter_async_context(Database(installed.dsn(CONSOLE)))
            process = await stack.enter_async_context(program(folder, "ivr", installed.ivr_settings))
            async with Database(installed.owner_dsn) as owner:  # what a clerk would enter page by page
                first, second = await register(owner, vault)
            step("监督人李监督、孙监督已预先登记（演示：没有人能在电话上输入核验码，未经呼叫核验；操作记录如实写明）")
            until = datetime.now(UTC) + SECOND_OPENS_AFTER + timedelta(seconds=RULES.unseal_lead_s) - GATHERS_BEFORE
            if not once:
                await stack.enter_async_context(program(folder, "web", installed.web_settings))
                tell_console(installed, first, second, until)
            await one_draw(db, custody, first, folder, process)
            console.print(f"专家听到的录音：{far_end.settings.recordings}", soft_wrap=True)
            received = read_messages(far_end.settings.messages_log)
            console.print(f"电话收到的短信：{len(received)} 条（集合信息、见证回执）", soft_wrap=True)
            if not once:
                tell_console(installed, first, second, until)
                console.print("全部仍在运行。Ctrl-C 结束。")
                await process.wait()
                raise Failed(f"the worker ended; {folder / 'ivr.log'} says why")


async def one_draw(
    db: Database, custody: Custody, activity: str, folder: Path, process: asyncio.subprocess.Process
) -> None:
    """From its start to its verified evidence."""
    await start(db, custody.vault, activity, "经办人（演示）", Role.HANDLER)
    step(f"启动抽取 {activity}：先呼叫监督人取得见证数字，再依次呼叫专家")
    await watch(db, activity, process, folder / "ivr.log")
    now = await board(db, activity, RULES_TO_THE_END.unseal_lead_s)
    exporting = Exporting(db, custody, activity, folder, now.fingerprint or "")
    if datetime.now(UTC) + EXPORT_TAKES < now.opens_at:
        await exporting.verified("sealed", evidence.Form.PUBLIC, UNOPENED, "已封存，尚未解密")
    else:
        step(f"封存时解密时间已到（抽签不顺或本机较忙）：略过尚未解密的证据（其核验结果为 {UNOPENED}）")
    await until(db, OPENED, activity, process, "等待解密时间：由系统按时钟打开，无需任何人查看")
    await show_result(db, custody, activity)
    await exporting.verified("opened", evidence.Form.SUPERVISOR, OPEN_END, "已解密，活动尚未结束")
    await until(db, IS_CLOSED, activity, process, "等待预计评标结束：系统结束活动并封闭记录链")
    out = await exporting.verified("closed", evidence.Form.SUPERVISOR, CLOSED, "活动已结束，记录链已封闭")
    console.print(f"[bold green]✔ 全部成立。[/] 证据文件夹：\n{out}", soft_wrap=True)


def tell_voice(folder: Path) -> None:
    """Which voice experts will hear, and how to have the better one."""
    try:
        installed_voice(folder)
    except NoFolder:
        step("语音：espeak-ng。更自然的普通话语音：先运行 script/setup voice（下载约 200 MB，占用约 220 MB），再运行演示")
    else:
        step("语音：普通话为 Kokoro 自然语音（script/setup no-voice 可移除）")


def choices(folder: Path, node: NodeSettings) -> Choices:
    """The settings of a demonstration: development identities, on loopback."""
    secret = folder / "ari.password"
    secret.touch(mode=0o600)
    secret.write_text(node.ari_password)
    return Choices(
        node.ari_url, secret, node.hep_port or 0, "carrier", CALLER_ID, RULES.version,
        sms="trunk", web_port=console_port(), development=True,
    )  # fmt: skip


def console_port() -> int:
    """8080, or a free one when somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", CONSOLE_PORT))
        except OSError:
            return free_port()
    return CONSOLE_PORT


def tell_console(installed: Installation, first: str, second: str, until: datetime) -> None:
    """Where the console is, who may log in, and what to do there; until when the second activity can be started."""
    port = tomllib.loads(installed.web_settings.read_text(encoding="utf-8"))["port"]
    address = f"http://127.0.0.1:{port}"
    step(f"管理台：{address}/ ，演示身份（登录页上各有一个按钮）：")
    for each in IDENTITIES:
        company = f"（{each.company.name}）" if each.company else ""
        console.print(f"   {each.id:16} {each.role.label} {each.name}{company}", highlight=False)
    console.print(f"   正在进行的抽取：以“张经办”登录，打开 {address}/activities/{first}/draw", soft_wrap=True)
    last = until.astimezone(CHINA).strftime("%H:%M")
    console.print(
        f"   自己抽取一次（北京时间 {last} 前）：以“张经办”登录，在 {address}/activities/{second}/draw 按“启动抽取”；",
        soft_wrap=True,
    )
    console.print(
        f"   监督人的电话无人接听：在另一个浏览器或无痕窗口以“孙监督”登录，在 {address}/witness/{second} 提供见证数字；",
        soft_wrap=True,
    )
    console.print(f"   结果到时在 {address}/activities/{second}/result 打开。", soft_wrap=True)
    console.print("   新建的抽取活动由“赵审核”核验。从别的电脑查看：先 ssh -L 转发这个端口。", soft_wrap=True)


def fresh_folder() -> Path:
    """$EXPERTLINE_STATE/demo, emptied; the evidence of earlier runs is kept."""
    folder = state_folder() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    Cluster(folder / "postgres").stop("immediate")  # of a demo that was killed
    for name in ("node", "far", "postgres"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("master.key", "signing.key", "ivr.toml", "web.toml", "audit.toml", "service.pub", "experts.csv", "ari.password"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "evidence", ignore_errors=True)
    return folder


def main() -> int:
    """0 when everything held; 1 with a message when not."""
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--once", action="store_true", help="end when the evidence is verified")
    options = parser.parse_args()
    os.environ.setdefault("EXPERTLINE_CACHE", str(cache_folder()))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    state_folder().mkdir(parents=True, exist_ok=True)
    lock = (state_folder() / "demo.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        console.print(f"[bold red]✘[/] another demo is running with {state_folder()}: end it first, or set EXPERTLINE_STATE")
        return 1
    folder = fresh_folder()
    cluster = Cluster(folder / "postgres", durable=False)
    try:
        step("启动私有 PostgreSQL")
        asyncio.run(run(folder, cluster.start(), once=options.once))
    except KeyboardInterrupt:
        return 0
    except (Failed, ClusterError, DatabaseError, NoAsterisk, DidNotStart, PortTaken, BadFolder) as error:
        console.print(f"[bold red]✘[/] {error}", markup=True)
        return 1
    finally:
        cluster.stop("immediate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
