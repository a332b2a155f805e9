/* Show one language of a sheet, the one the reader chose last. */
(function () {
  "use strict";
  const buttons = Array.from(document.querySelectorAll("#languages button"));
  function show(lang) {
    document.querySelectorAll("main[lang]").forEach(function (m) { m.hidden = m.lang !== lang; });
    buttons.forEach(function (b) { b.setAttribute("aria-pressed", String(b.lang === lang)); });
    document.documentElement.lang = lang;
  }
  buttons.forEach(function (b) {
    b.addEventListener("click", function () {
      show(b.lang);
      try { localStorage.setItem("districttype.language", b.lang); } catch (refused) { /* private */ }
    });
  });
  let kept = null;
  try { kept = localStorage.getItem("districttype.language"); } catch (refused) { /* private */ }
  const wish = new URLSearchParams(location.hash.slice(1)).get("lang") || kept;
  if (buttons.some(function (b) { return b.lang === wish; })) show(wish);
})();
