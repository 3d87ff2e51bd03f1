// The board keeps itself up to date; without this file its 刷新 link does the same.
"use strict";
(() => {
  const board = document.getElementById("board");
  const address = board && board.dataset.events;
  if (!address || !window.EventSource) return;
  const live = document.getElementById("live");
  const summary = document.getElementById("summary");
  const say = (text) => { live.hidden = false; live.textContent = "· " + text; };
  const source = new EventSource(address);
  source.addEventListener("open", () => say("实时更新中"));
  source.addEventListener("board", (message) => {
    const data = JSON.parse(message.data);
    if (data.state !== board.dataset.state) { source.close(); location.reload(); return; } // the buttons change with the state
    board.innerHTML = data.html;
    if (summary.textContent !== data.summary) summary.textContent = data.summary;
  });
  source.addEventListener("end", (message) => {
    const data = JSON.parse(message.data);
    source.close();
    if (data.reload) location.reload(); else say(data.reason);
  });
  source.addEventListener("error", () => say(source.readyState === EventSource.CLOSED
    ? "实时更新已停止，请刷新页面。" : "连接中断，正在重新连接…"));
})();
