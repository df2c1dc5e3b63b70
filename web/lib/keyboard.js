/**
 * The keyboard on glass never covers the page. Engines that do not make the page smaller by themselves (Safari) only
 * tell how much of it is in sight: that height is given to the page, and the page is pulled back up to its top.
 */

/** What is less than this is a bar of the browser, not a keyboard. */
const LEAST = 80;

export function followKeyboard() {
  const view = window.visualViewport;
  if (!view) return;
  const root = document.documentElement;
  const follow = () => {
    const covered = view.scale === 1 && root.clientHeight - view.height > LEAST;
    root.toggleAttribute("data-keyboard", covered);
    if (!covered) return root.style.removeProperty("--in-sight");
    root.style.setProperty("--in-sight", `${Math.round(view.height)}px`);
    if (view.offsetTop || scrollY) scrollTo(0, 0);
    return undefined;
  };
  view.addEventListener("resize", follow);
  view.addEventListener("scroll", follow);
  follow();
}
