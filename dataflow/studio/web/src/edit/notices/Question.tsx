/** What is asked before something is done. */
import { perform } from "../../commands";
import { Dialog } from "../../shell/Dialog";
import { editing, useEditing } from "../state";

const close = () => editing({ question: null });

export function Question() {
  const asked = useEditing((state) => state.question);
  if (asked === null) return null;
  return (
    <Dialog title={asked.title} closed={close}>
      <div className="edit-form">
        <p>{asked.message}</p>
        <div className="form-actions">
          <button className="button plain" data-first={asked.choices.some(({ kind }) => kind === "main") ? undefined : ""} onClick={close}>
            Cancel
          </button>
          {asked.choices.toReversed().map(({ title, kind, run }) => (
            <button
              key={title}
              className={kind === "main" ? "button main" : "button"}
              data-first={kind === "main" ? "" : undefined}
              onClick={() => {
                close();
                void perform(run);
              }}
            >
              {title}
            </button>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
