use std::time::Duration;
use tokio_postgres::Config;

/// How a server is reached, and as whom. Holds a secret, hence no `Debug`.
pub(super) struct Login {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: String,
    /// Name of the database.
    pub(super) name: String,
}

impl Login {
    /// For sentences.
    pub(super) fn server(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// No settings of a session: a pooler in transaction mode knows none, and refuses those that it does not know.
    pub(super) fn config(&self, limit: Duration) -> Config {
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .user(&self.user)
            .password(&self.password)
            .dbname(&self.name)
            .application_name("kubectl-mendix guard")
            .connect_timeout(limit)
            .tcp_user_timeout(limit);
        config
    }
}
