/** The keys. */

import { useEffect, useRef } from "preact/hooks";
import type { Signal } from "@preact/signals";
import type { Group } from "../keys";

export function Help({ groups, shown }: { groups: Group[]; shown: Signal<boolean> }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (shown.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown.value]);
  return (
    <dialog ref={dialog} aria-labelledby="keys-title" onClose={() => (shown.value = false)}>
      <h2 id="keys-title">Keys</h2>
      <div class="keys">
        {groups.map(({ group, keys }) => (
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
      <button type="button" onClick={() => (shown.value = false)}>
        Close
      </button>
    </dialog>
  );
}
