/** The keys. */

import { useEffect, useRef } from "preact/hooks";
import { groups } from "../keys";
import * as state from "../state";

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (state.helpShown.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [state.helpShown.value]);
  return (
    <dialog ref={dialog} aria-labelledby="keys-title" onClose={() => (state.helpShown.value = false)}>
      <h2 id="keys-title">Keys</h2>
      <div class="keys">
        {groups.value.map(({ group, keys }) => (
          <section>
            <h3>{group}</h3>
            <dl>
              {keys.map((key) => (
                <>
                  <dt>
                    {key.keys.map((name) => (
                      <kbd>{name}</kbd>
                    ))}
                  </dt>
                  <dd>{key.does}</dd>
                </>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <button type="button" onClick={() => (state.helpShown.value = false)}>
        Close
      </button>
    </dialog>
  );
}
