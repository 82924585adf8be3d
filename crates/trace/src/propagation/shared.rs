//! Propagators behind pointers.

use std::sync::Arc;

use super::{BinaryPropagator, Corrupt, Extract, Inject, Propagator};
use crate::context::Context;

impl<P: Propagator + ?Sized> Propagator for Box<P> {
    fn fields(&self) -> Vec<&'static str> {
        (**self).fields()
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        (**self).inject(context, carrier);
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        (**self).extract(carrier)
    }
}

impl<P: Propagator + ?Sized> Propagator for Arc<P> {
    fn fields(&self) -> Vec<&'static str> {
        (**self).fields()
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        (**self).inject(context, carrier);
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        (**self).extract(carrier)
    }
}

impl<P: BinaryPropagator + ?Sized> BinaryPropagator for Box<P> {
    fn inject(&self, context: &Context, bytes: &mut Vec<u8>) {
        (**self).inject(context, bytes);
    }

    fn extract(&self, bytes: &[u8]) -> Result<Option<Context>, Corrupt> {
        (**self).extract(bytes)
    }
}

impl<P: BinaryPropagator + ?Sized> BinaryPropagator for Arc<P> {
    fn inject(&self, context: &Context, bytes: &mut Vec<u8>) {
        (**self).inject(context, bytes);
    }

    fn extract(&self, bytes: &[u8]) -> Result<Option<Context>, Corrupt> {
        (**self).extract(bytes)
    }
}
