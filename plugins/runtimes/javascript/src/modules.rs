//! How QuickJS finds and reads modules: both questions go to `node/module.js`, which knows Node's rules.

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Function, Module, Object, Result, Value};

/// The functions of `node/module.js` that answer, kept where scripts do not find them.
pub(crate) struct Rules;

/// Their name among the globals while this is running; it is no property that scripts can list.
pub(crate) const RULES: &str = "\u{0}holm:modules";

fn rules<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    ctx.globals().get(RULES)
}

impl Resolver for Rules {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        rules(ctx)?.get::<_, Function>("resolve")?.call((base, name))
    }
}

impl Loader for Rules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        let rules = rules(ctx)?;
        let source: String = rules.get::<_, Function>("read")?.call((name,))?;
        let module = Module::declare(ctx.clone(), name, source)?;
        describe(ctx, &module, name)?;
        Ok(module)
    }
}

/// Fills in a module's `import.meta`.
pub(crate) fn describe<'js>(ctx: &Ctx<'js>, module: &Module<'js, Declared>, name: &str) -> Result<()> {
    rules(ctx)?.get::<_, Function>("describe")?.call((module.meta()?, name))
}

/// Tells `node/internal.loop.js` of promises that were rejected unheard, and of those heard later.
pub(crate) fn rejected<'js>(ctx: Ctx<'js>, promise: Value<'js>, reason: Value<'js>, heard: bool) {
    let told =
        rules(&ctx).and_then(|rules| rules.get::<_, Function>("rejected")?.call::<_, ()>((promise, reason, heard)));
    if told.is_err() {
        // Before there is a listener, or out of memory: what follows tells more.
        ctx.catch();
    }
}
