"""The main job, to be watched: from a pool of 20,000 to a verified draw, with real calls to real (if patient) telephones.

    script/demo            does it with the console beside it, and leaves all running until Ctrl-C: log in and draw another
    script/demo --once     does it and ends: 0 when everything held, 130 when Ctrl-C broke it off

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
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asterisk.folders import cache_folder, make_folder, state_folder, voice_folder
from asterisk.inbox import read_messages
from asterisk.instance import DidNotStart
from asterisk.ports import Claims, PortTaken
from asterisk.program import NoAsterisk
from asterisk.render import BadFolder
from db.cluster import Cluster, ClusterError
from db.errors import DatabaseError
from db.pool import Database
from db.rights import CONSOLE
from db.vault import Signer, Vault
from drawing import evidence, result
from drawing.board import board
from drawing.chain import Custody
from drawing.lifecycle import Role
from drawing.reference import reference
from drawing.sound_rules import LONGEST_SECONDS, Sounds
from drawing.sounds import sounds
from drawing.start import SoundsNotMade, start
from drawing.transcript import CHINA
from drawing.verify import Notes, verify
from ivr.speech.kokoro.folder import NoFolder
from ivr.speech.kokoro.folder import installed as installed_voice
from script.install import install
from script.sample import GATHERS_BEFORE, LASTS, OPENS_AFTER, RULES, RULES_TO_THE_END, SECOND_OPENS_AFTER, register
from script.staging import (
    DISK_MIB,
    WITNESS_DIGITS,
    Ports,
    check_disk,
    choices,
    choose_ports,
    fresh_folder,
    let_be_heard,
    make_pool,
    program,
    telephones,
)
from script.telling import Failed, console, failed, note, step
from script.watching import Awaited, wait, watch, worker_ended
from web.development import IDENTITIES

EXPORT_TAKES = timedelta(seconds=10)  # at most, for the evidence of 20,000 experts
UNOPENED, OPEN_END, CLOSED = 2, 3, 0  # the verifier's verdicts
OPENED = "SELECT bool_and(unsealed_at IS NOT NULL) FROM draw WHERE activity = %(activity)s"
VOICE_KNOWN = "SELECT count(*) FROM node WHERE natural_voice IS NOT NULL AND holder IS NOT NULL"
VOICE_TAKES = timedelta(minutes=3)  # where the phrases are not in the cache yet
IS_CLOSED = "SELECT closed_at FROM activity WHERE id = %(activity)s"


async def show_result(db: Database, custody: Custody, activity: str) -> None:
    """抽取结果, opened by the clock."""
    step("抽取结果（虚构专家）", "The committee (invented people)")
    names = reference().specialties
    for member in await result.members(db, custody, activity):
        specialties = "、".join(f"({code}){names[code].name}" for code in member.specialties[:2])
        note(
            f"{member.condition}-{member.seat}  {member.name}  {member.unit}  {member.title}  {specialties}  验证码 {member.code}"
        )


@dataclass(frozen=True)
class Exporting:
    """Takes and verifies the evidence of one activity, with the witness's own notes."""

    db: Database
    custody: Custody
    activity: str
    folder: Path
    fingerprint: str

    async def verified(self, name: str, form: evidence.Form, expected: int, why: tuple[str, str]) -> Path:
        """The evidence in a new folder; raises Failed unless the verifier's verdict is the expected one."""
        out = self.folder / "evidence" / f"{self.activity}-{name}"
        await evidence.export(self.db, self.custody, self.activity, out, form, "demo")
        step(
            f"导出证据并离线核验（python -m drawing verify）：{why[0]}，应为 {expected}",
            f"Export the evidence and verify it offline: {why[1]}, so the verdict must be {expected}",
        )
        notes = Notes(self.custody.signer.fingerprint, (self.fingerprint,), () if expected == UNOPENED else (WITNESS_DIGITS,))
        report = await asyncio.to_thread(verify, out, notes)
        if expected == CLOSED or report.exit_code != expected:
            console.print(report.text(), markup=False, highlight=False, soft_wrap=True)
        if report.exit_code != expected:
            raise Failed(
                f"核验结果为 {report.exit_code}，应为 {expected}：{out}",
                f"the verdict is {report.exit_code}, and {expected} was expected: {out}",
            )
        return out


def tell_voice(folder: Path) -> bool:
    """Which voice experts will hear, and how to have the better one; whether they have it."""
    try:
        installed_voice(folder)
    except NoFolder:
        step(
            "语音：espeak-ng。运行 script/setup voice 可安装更自然的普通话语音（下载约 200 MB）",
            "espeak-ng speaks; script/setup voice installs a natural Mandarin voice (fetches some 200 MB)",
        )
        return False
    step("语音：普通话用 Kokoro 自然语音", "Mandarin is spoken by Kokoro (script/setup no-voice removes it)")
    return True


async def run(folder: Path, dsn_prefix: str, ports: Ports, *, once: bool) -> None:
    """The whole demonstration."""
    async with telephones(folder, ports) as (node, far_end):
        step(
            f"Asterisk 已启动：本端 {node.settings.ari_url}，对端（模拟电话）SIP 端口 {far_end.settings.sip_port}",
            "Asterisk runs: our own, and a second one that plays the telephones",
        )
        installed = install(folder, dsn_prefix, choices(folder, node.settings, ports), say=lambda _: None)
        let_be_heard(installed.web_settings, far_end.settings.recordings)
        natural = tell_voice(voice_folder())
        await asyncio.to_thread(make_pool, folder, installed)
        vault = Vault.open(installed.master_key)
        custody = Custody(vault, Signer.open(installed.signing_key, vault))
        async with contextlib.AsyncExitStack() as stack:
            db = await stack.enter_async_context(Database(installed.dsn(CONSOLE)))
            process = await stack.enter_async_context(program(folder, "ivr", installed.ivr_settings))
            if natural:  # before the activities are made: their time runs from then on
                warming = Awaited(
                    VOICE_KNOWN, datetime.now(UTC) + VOICE_TAKES,
                    "等待自然语音读完固定语句", "The natural voice says its fixed phrases, which are kept",
                )  # fmt: skip
                await wait(db, warming, "", process, folder / "ivr.log")
            async with Database(installed.owner_dsn) as owner:  # what a clerk would enter page by page
                first, second = await register(owner, vault)
            step(
                "监督人李监督、孙监督已预先登记（演示：没有人能在电话上输入核验码，未经呼叫核验；操作记录如实写明）",
                "Two supervisors are registered without the call that verifies a number; 操作记录 says so",
            )
            last = datetime.now(UTC) + SECOND_OPENS_AFTER + timedelta(seconds=RULES.unseal_lead_s) - GATHERS_BEFORE
            if not once:
                await stack.enter_async_context(program(folder, "web", installed.web_settings))
                tell_console(ports.console, first, second, last)
            await one_draw(db, custody, first, folder, process)
            note(f"专家听到的录音：{far_end.settings.recordings}", "What the experts heard, as recordings")
            received = read_messages(far_end.settings.messages_log)
            count = len(received)
            note(f"电话收到的短信：{count} 条（集合信息、见证回执）", f"{count} text messages reached the telephones")
            if not once:
                tell_console(ports.console, first, second, last)
                step("全部仍在运行。按 Ctrl-C 结束。", "Everything is still running. Ctrl-C ends it.")
                with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C, as it has just been told
                    await process.wait()
                    raise worker_ended(process, folder / "ivr.log")


async def start_when_audible(db: Database, vault: Vault, activity: str) -> None:
    """启动抽取, once the natural voice has made what the notice says; after three minutes at most."""
    loop = asyncio.get_running_loop()
    began, told = loop.time(), False
    while True:
        at_work = (await sounds(db, activity)).sounds in (Sounds.MAKING, Sounds.LATE)  # late: nobody has looked yet
        if not at_work or loop.time() - began > LONGEST_SECONDS:
            with contextlib.suppress(SoundsNotMade):
                await start(db, vault, activity, "经办人（演示）", Role.HANDLER)
                return
        if not told:
            step("声音准备中：自然语音正在生成语音通知", "The natural voice makes what the notice says, before the draw starts")
            told = True
        await asyncio.sleep(1)


async def one_draw(
    db: Database, custody: Custody, activity: str, folder: Path, process: asyncio.subprocess.Process
) -> None:
    """From its start to its verified evidence."""
    await start_when_audible(db, custody.vault, activity)
    step(
        f"启动抽取 {activity}：先呼叫监督人取得见证数字，再依次呼叫专家",
        "Start the draw: first the supervisor is called for the digits, then one expert after the other",
    )
    log = folder / "ivr.log"
    await watch(db, activity, process, log)
    now = await board(db, activity, RULES_TO_THE_END.unseal_lead_s)
    exporting = Exporting(db, custody, activity, folder, now.fingerprint or "")
    if datetime.now(UTC) + EXPORT_TAKES < now.opens_at:
        await exporting.verified("sealed", evidence.Form.PUBLIC, UNOPENED, ("已封存，尚未解密", "sealed and not open yet"))
    else:
        step(
            f"封存时解密时间已到（抽签不顺或本机较忙）：略过尚未解密的证据（其核验结果为 {UNOPENED}）",
            f"It was sealed when the result was due: the evidence before the opening (verdict {UNOPENED}) is left out",
        )
    opening = Awaited(
        OPENED, now.opens_at, "等待解密时间：由系统按时钟打开，无需任何人查看", "The result opens by the clock alone, whoever looks"
    )
    await wait(db, opening, activity, process, log)
    await show_result(db, custody, activity)
    await exporting.verified("opened", evidence.Form.SUPERVISOR, OPEN_END, ("已解密，活动尚未结束", "open, but not ended"))
    end = now.opens_at + timedelta(seconds=RULES_TO_THE_END.unseal_lead_s) + LASTS
    closing = Awaited(
        IS_CLOSED, end,
        "等待预计评标结束：系统结束活动并封闭记录链", "At the planned end of the evaluation the chain is closed",
    )  # fmt: skip
    await wait(db, closing, activity, process, log)
    out = await exporting.verified(
        "closed", evidence.Form.SUPERVISOR, CLOSED, ("活动已结束，记录链已封闭", "ended, and the chain is closed")
    )
    console.print(f"[bold green]✔ 全部成立。[/] 证据文件夹：\n{out}", soft_wrap=True)
    console.print("  All holds. The folder of the evidence stands above.", style="dim", soft_wrap=True)


def tell_console(port: int, first: str, second: str, until: datetime) -> None:
    """Where the console is, who may log in, and what to do there; until when the second activity can be started."""
    address = f"http://127.0.0.1:{port}"
    step(f"管理台：{address}/ ，演示身份（登录页上各有一个按钮）：", "The console, and who may log in (each by a button there)")
    for each in IDENTITIES:
        company = f"（{each.company.name}）" if each.company else ""
        note(f"{each.id:16} {each.role.label} {each.name}{company}")
    last = until.astimezone(CHINA).strftime("%H:%M")
    note(
        f"正在进行的抽取：以“张经办”登录，打开 {address}/activities/{first}/draw",
        "The draw that is running: log in as 张经办 and open that address",
    )
    note(
        f"自己抽取一次（北京时间 {last} 前）：以“张经办”登录，在 {address}/activities/{second}/draw 按“启动抽取”；",
        f"One for you to start, before {last} in Beijing: log in as 张经办 and press 启动抽取 there",
    )
    note(
        f"监督人的电话无人接听：在另一个浏览器或无痕窗口以“孙监督”登录，在 {address}/witness/{second} 提供见证数字；",
        "Its supervisor's telephone is not answered: give the digits there as 孙监督, in another browser or a private window",
    )
    note(f"结果到时在 {address}/activities/{second}/result 打开。", "Its result opens there when it is time")
    note(
        f"结果解密后，在抽取页面的“演示通话”（{address}/activities/{first}/demo-calls）收听每部模拟电话听到的声音。",
        "Once a result is open, what each telephone heard can be played there",
    )
    note(
        "新建的抽取活动由“赵审核”核验。从别的电脑查看：先 ssh -L 转发这个端口。",
        "A new activity is reviewed by 赵审核. From another computer: forward the port with ssh -L first",
    )


def main() -> int:
    """0 when everything held; 1 with a message when not; 130, 143 or 129 when broken off by Ctrl-C, SIGTERM or SIGHUP before."""
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--once", action="store_true", help="end when the evidence is verified")
    options = parser.parse_args()
    os.environ.setdefault("EXPERTLINE_CACHE", str(cache_folder()))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also as a shell's background job, for which it is ignored
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    make_folder(state_folder())
    lock = (state_folder() / "demo.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        failed(
            f"另一个演示正在使用 {state_folder()}：请先结束它，或设置 EXPERTLINE_STATE",
            f"another demo is running with {state_folder()}: end it first, or set EXPERTLINE_STATE",
        )
        return 1
    cluster, claims = Cluster(state_folder() / "demo/postgres", durable=False), Claims()
    try:
        folder = fresh_folder()
        check_disk(folder)
        minutes = round((OPENS_AFTER + timedelta(seconds=RULES_TO_THE_END.unseal_lead_s) + LASTS).total_seconds() / 60)
        step(
            f"整个演示约 {minutes} 分钟，占用约 {DISK_MIB // 2} MB：{folder}",
            f"The whole demo takes about {minutes} minutes and {DISK_MIB // 2} MB in that folder",
        )
        step("启动私有 PostgreSQL", "Start a private PostgreSQL")
        asyncio.run(run(folder, cluster.start(), choose_ports(claims), once=options.once))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Failed as error:
        failed(error.chinese, error.english)
        return 1
    except (ClusterError, DatabaseError, NoAsterisk, DidNotStart, PortTaken, BadFolder) as error:
        failed("演示中断，原因见下一行", str(error))
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a second one would leave PostgreSQL behind
            signal.signal(number, signal.SIG_IGN)
        claims.close()
        cluster.stop("immediate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
