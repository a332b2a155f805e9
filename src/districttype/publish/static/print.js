/* Before a page is printed: its layout for paper, and words as large as fit on each sheet of it. */
(function () {
  "use strict";
  function fit(sheet) {
    const words = sheet.querySelector(".words");
    for (let size = 1; size > 0.5; size -= 0.02) {
      words.style.zoom = size;
      if (sheet.scrollHeight <= sheet.clientHeight) return;
    }
  }
  window.addEventListener("beforeprint", function () {
    document.body.classList.add("printing");
    document.querySelectorAll(".fit:not([hidden])").forEach(fit);
  });
  window.addEventListener("afterprint", function () {
    document.body.classList.remove("printing");
    document.querySelectorAll(".words").forEach(function (words) { words.style.zoom = ""; });
  });
})();
