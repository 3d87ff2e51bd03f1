// 市 chosen: its 区 are offered at once. Without this file the button 显示各区 does the same.
"use strict";
for (const place of document.querySelectorAll(".place")) {
  const city = place.querySelector("[data-city]"), district = place.querySelector("[data-district]");
  const groups = [...place.querySelector("template").content.querySelectorAll("optgroup")];
  const button = place.querySelector("button");
  if (button) button.hidden = true;
  city.addEventListener("change", () => {
    const chosen = district.value, first = district.options[0];
    const own = groups.filter((each) => !city.value || each.dataset.city === city.value).map((each) => each.cloneNode(true));
    if (!city.value) for (const each of own) for (const option of each.children) option.text = `${each.label} ${option.text}`;
    district.replaceChildren(first, ...(city.value ? own.flatMap((each) => [...each.children]) : own));
    district.value = [...district.options].some((each) => each.value === chosen) ? chosen : district.options.length === 2 ? district.options[1].value : "";
  });
}
