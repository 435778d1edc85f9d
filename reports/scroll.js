"use strict";
// 左右滚动的地方用键盘也到得了。
(function () {
  // What scrolls sideways and holds nothing to focus gets a place of its own among the keyboard's stops.
  function reach() {
    document.querySelectorAll(".scroll").forEach((region) => {
      const wide = region.scrollWidth > region.clientWidth;
      if (wide && !region.querySelector("a, button, input, select, summary")) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    });
  }
  document.addEventListener("toggle", reach, true);
  window.addEventListener("resize", reach);
  reach();
})();
