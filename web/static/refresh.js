// What changes on this page is fetched every few seconds; focus and place stay. Without a script the page loads itself again.
"use strict";
(() => {
  const part = () => document.getElementById("refreshed");
  const look = async () => {
    try {
      const response = await fetch(location.href, {headers: {Accept: "text/html"}});
      if (response.redirected) { location.reload(); return; } // logged out
      if (response.ok) {
        const found = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("refreshed");
        if (!found || !found.dataset.seconds) { location.reload(); return; } // over: buttons and lists change too
        part().innerHTML = found.innerHTML;
      }
    } catch { /* the connection is away: the next try may find it again */ }
    next();
  };
  const next = () => setTimeout(look, 1000 * Number(part().dataset.seconds));
  if (part() && part().dataset.seconds) next();
})();
