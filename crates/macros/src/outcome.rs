//! What is recorded of a value that a function returns.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

/// Looks into an outcome: of a `Result`, or of any value.
pub(crate) struct Inspection {
    is_result: bool,
    fails: bool,
    /// Where `ret` is written, if it is.
    ret: Option<Span>,
}

impl Inspection {
    /// Returns the inspection that is needed, if one is.
    pub(crate) fn new(is_result: bool, skip_err: bool, ret: Option<Span>) -> Option<Self> {
        let fails = is_result && !skip_err;
        (fails || ret.is_some()).then_some(Self { is_result, fails, ret })
    }

    /// Writes the statement that looks into `outcome`, a reference, and records what it finds in `span`.
    pub(crate) fn of(&self, outcome: &TokenStream, span: &TokenStream, private: &TokenStream) -> TokenStream {
        let here = Span::mixed_site();
        if !self.is_result {
            return self.returned(outcome, span, private);
        }
        let ok = self.ret.map(|_| {
            let recorded = self.returned(&quote_spanned!(here=> value), span, private);
            quote_spanned!(here=> if let ::core::result::Result::Ok(value) = #outcome { #recorded })
        });
        let err = self.fails.then(|| {
            // Which of the methods called `record` it is depends on what the error can do.
            quote_spanned! {here=>
                if let ::core::result::Result::Err(error) = #outcome {
                    let span = #span;
                    if span.is_recording() {
                        use #private::failed::*;
                        (&&&&&Failed(error)).record(&#private::active());
                    }
                }
            }
        });
        quote!(#ok #err)
    }

    fn returned(&self, value: &TokenStream, span: &TokenStream, private: &TokenStream) -> TokenStream {
        // A type that is not `Debug` is reported where `ret` is written.
        let debug = quote_spanned!(crate::expand::at(self.ret)=> #private::debug(#value));
        quote_spanned! {Span::mixed_site()=>
            let span = #span;
            if span.is_recording() {
                static KEY: #private::Key = #private::Key::new("return");
                span.attribute(&KEY, #debug);
            }
        }
    }
}
