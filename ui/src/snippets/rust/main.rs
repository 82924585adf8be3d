use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{trace::SdkTracerProvider, Resource};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let exporter = SpanExporter::builder().with_http().with_endpoint("{{endpoint}}/v1/traces").build()?;
    let resource = Resource::builder().with_service_name("hello").build();
    let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();

    provider.tracer("hello").in_span("greet", |context| {
        context.span().set_attribute(KeyValue::new("name", "world"));
    });
    provider.shutdown()?;
    Ok(())
}
