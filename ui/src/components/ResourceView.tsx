import type { Span } from "../api/types";
import { Attributes } from "./Attributes";
import { Facts } from "./Facts";

/** Who recorded the span: its resource, and the library that made it. */
export function ResourceView({ span }: { span: Span }) {
  const { resource, scope } = span;
  return (
    <>
      <Attributes attributes={resource.attributes} dropped={resource.dropped_attributes} />
      <Facts
        name="Scope"
        facts={[
          ["name", scope.name],
          ["version", scope.version],
          ["schema", scope.schema_url],
          ["resource schema", resource.schema_url],
        ]}
      />
      {scope.attributes.length > 0 && <Attributes attributes={scope.attributes} dropped={scope.dropped_attributes} />}
    </>
  );
}
