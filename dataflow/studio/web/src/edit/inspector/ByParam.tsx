/** A value that a parameter gives: the parameter is what is changed, unless only this place is meant. */
import { useStudio } from "../../store";
import { edit } from "../edits";
import { spelled } from "../plain";
import { Value } from "./Value";
import { read, type AttrInfo } from "./values";

interface Given {
  attr: string;
  param: string;
  info: AttrInfo | null;
  readonly: boolean;
  here?: () => void; // to change this place alone
}

export function ByParam({ attr, param, info, readonly, here }: Given) {
  const known = useStudio((state) => state.document?.params[param]);
  const places = useStudio(({ document }) => {
    const nodes = Object.values(document?.nodes ?? {});
    const values = nodes.flatMap(({ attrs, inputs }) => [...Object.values(attrs), ...Object.values(inputs)]);
    return values.filter((each) => each.param === param).length;
  });
  return (
    <div className="by-param">
      <Value
        label={`${attr}: parameter ${param}`}
        info={info}
        text={known === undefined ? "" : spelled(known.default)}
        hint=""
        plain
        readonly={readonly || known === undefined}
        commit={(text) => edit(`Set parameter ${param}`, { op: "set", place: `params.${param}`, value: read(text, info) })}
      />
      <p className="attr-param">
        <span title={`The parameter ${param} is what is changed`}>
          <b>${param}</b>
          {places > 1 && ` in ${places} places`}
        </span>
        {!readonly && here && (
          <button className="link" onClick={here}>
            only here
          </button>
        )}
      </p>
    </div>
  );
}
