//! Secrets: kept and bound for operators, told to nobody.

use holm_kernel::devices::net::NetRule;
use holm_packages::{Binding, ForServer, SecretsError};

use super::{
    failure::{Failure, Kind},
    protocol::{Keeping, Reply, Target},
    server::{Server, blocking},
};

impl Server {
    /// Does something with secrets; those there are then.
    pub(crate) async fn secrets(&self, keeping: Keeping) -> Result<Reply, Failure> {
        if let Keeping::Bind { plugin, .. } = &keeping {
            // A name that is mistyped would wait for whoever comes by it.
            let (plugins, name) = (self.plugins.clone(), plugin.clone());
            let known = blocking(move || plugins.inspect(&name).map(|_| ())).await;
            known.map_err(|failure| self.suggest(&Target::Installed(plugin.clone()), failure))?;
        }
        let server = match &keeping {
            Keeping::BindServer { server, .. } => {
                let unknown = || Failure::new(Kind::NotFound, format!("there is no server `{server}`"));
                let target = self.servers.audience(server).ok_or_else(unknown)?;
                Some(ForServer { server: server.clone(), target })
            }
            _ => None,
        };
        let secrets = self.plugins.secrets().clone();
        blocking(move || {
            match keeping {
                Keeping::List => {}
                Keeping::Set { name, value } => secrets.set(&name, value)?,
                Keeping::Bind { name, plugin, rule, header } => {
                    let binding = Binding::new(plugin, &rule, &header).map_err(SecretsError::from)?;
                    secrets.bind(&name, binding)?;
                }
                Keeping::BindServer { name, .. } => {
                    server.into_iter().try_for_each(|server| secrets.bind_server(&name, server))?;
                }
                Keeping::UnbindServer { name, server } => secrets.unbind_server(&name, &server)?,
                Keeping::Unbind { name, plugin, rule } => {
                    let rule = rule.map(|rule| rule.parse::<NetRule>()).transpose();
                    let rule = rule.map_err(|error| Failure::new(Kind::Usage, error))?;
                    secrets.unbind(&name, &plugin, rule.as_ref())?;
                }
                Keeping::Delete { name } => secrets.delete(&name)?,
                Keeping::Protect { passphrase } => secrets.protect(&passphrase)?,
                Keeping::Unlock { passphrase } => secrets.unlock(&passphrase)?,
                Keeping::Unprotect { passphrase } => secrets.unprotect(&passphrase)?,
            }
            Ok::<_, Failure>(Reply::Secrets(secrets.list()?))
        })
        .await
    }
}
