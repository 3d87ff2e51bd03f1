// The board keeps itself up to date; without this file its 刷新 link does the same.
"use strict";
(() => {
  const PATIENCE = [2, 5, 10, 20, 40, 60, 60, 60]; // seconds until the next try, when the server refuses for a moment
  const board = document.getElementById("board");
  const address = board && board.dataset.events;
  if (!address || !window.EventSource) return;
  const live = document.getElementById("live");
  const summary = document.getElementById("summary");
  const say = (text) => { live.hidden = false; live.textContent = "· " + text; };
  const ahead = Date.now() - Date.parse(board.dataset.now); // our clock's, of the one by which moments are written
  const count = () => { // the server tells what changes; seconds pass without it
    for (const since of board.querySelectorAll("time.since")) {
      since.textContent = Math.max(0, Math.round((Date.now() - ahead - Date.parse(since.dateTime)) / 1000)) + " 秒";
    }
  };
  let last = "", tries = 0, source = null;
  const open = () => {
    source = new EventSource(last ? address + "?last=" + encodeURIComponent(last) : address);
    source.addEventListener("open", () => { tries = 0; say("实时更新中"); });
    source.addEventListener("board", (message) => {
      const data = JSON.parse(message.data);
      last = message.lastEventId;
      if (data.phase !== board.dataset.phase) { source.close(); location.reload(); return; } // the buttons change with it
      board.innerHTML = data.html;
      count();
      if (summary.textContent !== data.summary) summary.textContent = data.summary;
    });
    source.addEventListener("end", (message) => {
      const data = JSON.parse(message.data);
      source.close();
      if (data.reload) location.reload(); else say(data.reason);
    });
    source.addEventListener("error", () => {
      say("连接中断，正在重新连接…"); // a lost connection the browser opens again by itself, a refusal (503) it does not
      if (source.readyState !== EventSource.CLOSED) return;
      if (tries < PATIENCE.length) setTimeout(open, 1000 * PATIENCE[tries++]);
      else say("实时更新已停止，请刷新页面。");
    });
  };
  // What a press leads to is told by the next page: a reload now, for the change that it makes, would break that off.
  addEventListener("submit", () => source.close());
  open();
  count();
  setInterval(count, 1000);
})();
