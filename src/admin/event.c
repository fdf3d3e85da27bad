/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/event.h"

#include "base/check.h" /* ARRAY_SIZE */

/* By part, and by name in each; check.failed, log.dropped and state.* are of the daemon. */
const struct event event_table[] = {
    {"admin.copy", "warn", "id client by",
     "For audits: an administrator (`by`) has cancelled a copy of this `client`", NULL},
    {"admin.open", "info", "socket address scheme",
     "The admin endpoint listens on this `socket`, or at this `address`, with this `scheme`: http "
     "or https",
     NULL},
    {"admin.refused", "info", "status method path",
     "The admin endpoint refused a request, or does not know its token. At most 10 lines in a second",
     "Many of them: find out who tries, and close the port to others"},
    {"admin.request", "debug", "method path status", "The admin endpoint answered a request", NULL},
    {"admin.revoke", "warn", "what id client fileid by",
     "For audits: an administrator (`by`) has taken an open, a lock or a delegation (`what`) away "
     "from its client",
     NULL},
    {"admin.setting", "info", "name value revision",
     "A setting was changed over REST: the `value` that is now stored, and the `revision` of the "
     "change",
     NULL},
    {"admin.tokens", "info, error", "count error note",
     "SIGHUP or `mainstay reload`: so many tokens (`count`) were read, or the `error` for which they stay as they were",
     "Error: correct the file of tokens, then `mainstay reload`"},
    {"admin.tls_refused", "info", "peer why",
     "A TLS handshake with the admin endpoint did not come to its end, or after a reload a "
     "client's certificate is no longer good, and `why`. At most 10 lines in a second, together "
     "with `admin.refused`",
     "As `why` says"},
    {"admin.unencrypted", "warn", "address note",
     "The admin endpoint listens without TLS at an `address` that other machines may reach: "
     "whoever sees the packets can use their token",
     "Set `admin_tls: on`, or `admin` to an address of this machine"},
    {"local.dir_watch", "info", "path why note",
     "The kernel does not report changes of directories of this `local` export, and `why`: "
     "directories of it are not delegated",
     "Let the server use fanotify (Linux 5.13 or later; seccomp; the limits in "
     "/proc/sys/fs/fanotify), or set `nfs.local_delegations` to all if no local program changes "
     "the export"},
    {"local.key.created", "info", "effect",
     "There was no `local.key`: handles that were given out before are invalid",
     "Not at the first start: restore the state directory, or let clients mount again"},
    {"local.lease_break_time", "info", "seconds lease note",
     "Local programs wait at most `seconds` for a delegated file, but a client that does not "
     "answer keeps it for the `lease`",
     "Raise `fs.lease-break-time`, or lower `nfs.lease_s`"},
    {"local.map.damaged", "warn", "map bytes effect",
     "So many `bytes` of the log of a handle map were damaged: some handles are stale until "
     "their files are looked up again",
     "Check the disk of the state directory"},
    {"local.map.db", "error", "file error",
     "The database of a handle map could not be written or read; the server tries again. At most "
     "one line in a second",
     "Make room on the disk of the state directory, or check it"},
    {"local.map.full", "error", "pending",
     "So many places of files wait to be noted that no more can: handles of further files may be "
     "stale after a restart",
     "See to `local.map.db`, which says why"},
    {"local.map.log", "error", "error", "The log of a handle map could not be written",
     "Make room on the disk of the state directory, or check it"},
    {"local.map.missing", "warn", "file effect",
     "A `file` of a handle map is missing: handles are stale until their files are looked up "
     "again",
     "Restore the state directory, or let clients mount again"},
    {"local.map.room", "warn", "dropped", "Places are noted again; so many were `dropped`", NULL},
    {"local.open", "info", "path find identity descriptors_max",
     "A `local` export at its start: how it finds files (`handle` or `map`), as whom it works "
     "(`caller` or `own`), and its share of the descriptors",
     NULL},
    {"local.untold", "warn", "dev_major dev_minor why effect",
     "The kernel does not tell the server what others change in the file system of a `local` "
     "export, and `why`: nothing of its files is answered from memory",
     "See `attribute_cache=watched` in `docs/exports.md`; start the server anew when it has the "
     "capability CAP_SYS_ADMIN"},
    {"callback.context_gone", "info", "session client context",
     "A security context that a client had offered for callbacks by Kerberos has ended, or the "
     "client does not know it: callbacks of the session use the others that it offered",
     NULL},
    {"callback.down", "info", "client peer why errno",
     "A client of NFSv4.0 cannot be called back. `why`: `connect` (with the `errno`), `timeout` "
     "(neither a connection nor a refusal), `closed` (at once), `silent` (no answer), `refused` "
     "(the port belongs to another program), `malformed` (an answer that cannot be decoded)",
     "See that firewalls let the server connect to that address and port of the client"},
    {"callback.fault", "info", "session slot seqid status",
     "A client refused the sequence of a slot of its back channel, so that the session can no "
     "longer be called back",
     "Without delegations the client works on; a new mount makes a new session. Often: report it "
     "to the maker of the client"},
    {"callback.left_out", "info", "lines",
     "So many lines of `callback.up`, `callback.down` and `callback.none` were left out, because "
     "there were more than 100 in a second",
     NULL},
    {"callback.none", "info, debug", "client netid addr why",
     "The server cannot connect to where a client of NFSv4.0 wants its callbacks, as it said. "
     "`why`: `netid` (neither tcp nor tcp6), `malformed`, `refused` (an address to which the "
     "server never connects), `none` (it wants no callbacks, which is at debug)",
     "`refused`: if the client is behind address translation, mount with 4.1"},
    {"callback.notice_failed", "debug", "client why status",
     "A client did not accept a notice of a change of a directory, so a delegation is recalled, or "
     "all that notices are sent for. `why`: `delay`, `unknown` (after several attempts: it does "
     "not know the delegation), `error`, `not supported`, `refused`, `no answer`, `not sent`, "
     "`unreachable`, `too large`; `status`: its answer, if it gave one",
     NULL},
    {"callback.notice_retry", "debug", "client tries",
     "A client asked for a notice of a change of a directory to be sent again, or does not know "
     "the delegation yet",
     NULL},
    {"callback.silent", "info", "session client connection",
     "A client did not answer a callback in time: its `connection` was closed, and the callback "
     "is sent over another one",
     "Often: see whether the client hangs, or a firewall drops idle connections; "
     "`nfs.callback_timeout_ms` is the time"},
    {"callback.up", "info", "client peer", "A client of NFSv4.0 can be called back at `peer`",
     NULL},
    {"recall.retry", "debug", "client why tries",
     "A recall was not accepted and will be sent again. `why`: `unknown` (the client does not "
     "know the delegation yet), `delay`, `error`, `refused`, `no answer`, `unreachable`",
     NULL},
    {"client.courtesy_evicted", "info", "clients",
     "So many silent `clients` were forgotten, the longest silent first, because descriptors or "
     "memory were short, or more than half of a limit for all clients was used",
     "Often: raise the limit, or `nfs.memory_mib`"},
    {"client.evicted", "warn", "client owner peer by",
     "For audits: an administrator (`by`) made the server forget a client, which had registered "
     "from the address `peer` under the name `owner`; all that it held is released",
     NULL},
    {"client.exchange_id", "debug", "client confirmed owner implementation",
     "A client of NFSv4.1 or later registers", NULL},
    {"client.remove", "info, debug", "client confirmed",
     "A client was forgotten: it asked for that, started anew, or was silent for too long; at "
     "debug if it never had a session. Also for each client when the server ends; these may "
     "reclaim",
     NULL},
    {"client.replaced", "info", "client peer uid by by_peer by_uid",
     "For audits: a registration ended the state of `client`, and came from another address "
     "(`by_peer`) or another user (`by_uid`). At most 20 lines in a second",
     "Either a host has moved, or it uses the name of another one: give each host a name of its "
     "own"},
    {"client.revoke", "info", "client", "A silent client lost something that another client wanted",
     "See why the client was silent"},
    {"client.setclientid", "debug", "client status owner", "A client of NFSv4.0 registers", NULL},
    {"client.stats", "info",
     "client minor owner uid confirmed courtesy callback_path sessions connections opens "
     "lock_states locks lock_waiters revoked silent_ms callback_netid callback_addr "
     "implementation domain",
     "SIGUSR1: one client, see [Counters](log.md#counters)", NULL},
    {"identity.failed", "warn", "name id error",
     "The database of users (NSS) has not said who a user or group is: it failed, or has not "
     "answered in time. What it said before counts for another hour; new users wait",
     "See to the directory service of this machine: `getent passwd NAME`, `id NAME`"},
    {"identity.found", "debug", "principal uid gid groups by",
     "What the server makes of a principal: user, group, number of groups, and who says so", NULL},
    {"identity.groups", "warn", "account groups used",
     "An account is in more `groups` than the server can keep: only so many are `used`", NULL},
    {"identity.idmap", "warn", "error", "libnfsidmap does not work: principals need the map file",
     "Correct /etc/idmapd.conf, and restart the server"},
    {"identity.map", "info", "file lines", "The map file was read again and is in use", NULL},
    {"identity.map_error", "error", "error",
     "The map file has changed, but has a mistake or can't be read: the one before stays in use",
     "Correct the line that is named"},
    {"identity.unknown", "info", "principal",
     "Neither the map file nor libnfsidmap knows the principal: it is nobody",
     "Give it a line in the map file, or its realm to libnfsidmap (Local-Realms in "
     "/etc/idmapd.conf)"},
    {"session.backchannel", "info", "session program flavors",
     "BACKCHANNEL_CTL changed how the session is called back: its `program`, and its security if "
     "it named `flavors`",
     NULL},
    {"session.backchannel_fault", "info", "session client",
     "The session can no longer be called back, because client and server disagree about the "
     "sequence of a slot; `callback.fault` before it says what the client answered",
     "See `callback.fault`"},
    {"session.bind", "debug", "session channels", "A connection was bound to a session", NULL},
    {"session.closed", "warn", "session client by",
     "For audits: an administrator (`by`) ended a session", NULL},
    {"session.create", "info", "session client peer owner minor slots flags",
     "A session begins: of the client that registered from the address `peer` under the name "
     "`owner`, in the minor version `minor` (1 or 2), with so many `slots`",
     NULL},
    {"session.destroy", "info", "session client", "A session has ended", NULL},
    {"session.slots", "info", "session enforced target kept",
     "The number of slots of a session changed: `enforced` ones it may use, the `target` it is "
     "asked to keep to, and `kept` ones whose replies are still available",
     NULL},
    {"session.stats", "info", "session client slots_in_use total_slots",
     "SIGUSR1: one session, see [Counters](log.md#counters)", NULL},
    {"compound", "debug", "path minor ops xid",
     "A COMPOUND arrived: `path` is the minor version that handles it, or none", NULL},
    {"compound.done", "debug", "ops bytes status head body",
     "A COMPOUND was answered: `ops=\"[SEQUENCE,PUTFH]\"`, `bytes=\"[44,8]\"` of each result, "
     "their sum `body`, the bytes before them `head`",
     NULL},
    {"compound.replay", "info", "peer xid bytes waited",
     "A retry in NFSv4.0 was answered, of the request with this `xid` from the address `peer`, "
     "and whether the first request was still running (`waited`)",
     "Many of them: look for losses in the network"},
    {"compound.replay_left_out", "info", "lines",
     "So many lines of `compound.replay`, `compound.unanswered` and `owner.replay` were left "
     "out, because there were more than 100 in a second",
     NULL},
    {"compound.result_too_long", "error", "op bound",
     "An internal error: the result of an operation was longer than it may be", "Report it"},
    {"compound.unanswered", "info", "peer xid bytes waited",
     "NFSv4.0: a retry, or another request of the same open or lock owner, would have had to "
     "wait for a running request, and could not (any longer): its connection was closed",
     NULL},
    {"compound.wrong_status", "error", "op status",
     "An internal error: an operation had an error that its minor version does not have",
     "Report it"},
    {"owner.replay", "info", "client op seqid",
     "A retry in NFSv4.0 of OPEN, CLOSE or a lock was answered, with the `seqid` that its owner "
     "sent again",
     NULL},
    {"check.failed", "error", "condition file line function",
     "In JSON only: an internal error, which ends the server", "Report it"},
    {"daemon.callback", "info", "operation ...",
     "SIGUSR1: attempts to call clients back, see [Counters](log.md#counters)", NULL},
    {"daemon.callback_duration", "info", "count sum_us longer ...",
     "SIGUSR1: how long answers to callbacks took", NULL},
    {"daemon.callback_waits", "info", "timeout_ms backoff_ms backoff_max_ms lease_s",
     "How long the server waits for callbacks, as computed from settings and lease; at the start "
     "and after each change",
     NULL},
    {"daemon.capabilities", "info", "kept", "The capabilities that were kept at the start", NULL},
    {"daemon.clock_jump", "warn", "ms note remedy",
     "The wall clock was set forward, or back (below 0), by so many milliseconds. Leases and timers "
     "do not follow it; times of files, Kerberos and certificates do",
     "Let chrony or systemd-timesyncd keep the time. Kerberos allows for 5 minutes"},
    {"daemon.config", "info", "file", "The configuration was read from this file", NULL},
    {"daemon.config_overruled", "info", "option value configured line",
     "An `option` has taken precedence with its `value` over what is `configured` in that `line` "
     "of the file",
     "Remove one of the two"},
    {"daemon.connections_few", "warn", "about note remedy",
     "At the start, and with `--check`: the limit on descriptors allows fewer connections than the "
     "setting `transport.max_connections`",
     "Raise it: `LimitNOFILE=` of systemd, or `ulimit -Hn`"},
    {"daemon.delegations", "info",
     "held_read held_write held_directory recalls oldest_recall_ms notify_bytes ...",
     "SIGUSR1: delegations", NULL},
    {"daemon.descriptors", "info, warn", "limit connections dialled files spare own error",
     "The `limit` on file descriptors of the process, and how it is divided at the start: "
     "accepted `connections`, `dialled` ones (to clients of NFSv4.0), `files` of all `local` "
     "exports, `spare` ones for exports that are added later, the server's `own`. With `error`, at warn: the limit could not be changed",
     NULL},
    {"daemon.descriptors_few", "warn", "wanted limit",
     "The `limit` is lower than the one `wanted` by `--descriptors`",
     "Raise it: `LimitNOFILE=` of systemd, or `ulimit -Hn`"},
    {"daemon.dial_out", "info", "paths ...", "SIGUSR1: callbacks to clients of NFSv4.0", NULL},
    {"daemon.drain", "error", "error",
     "A request did not end within five seconds at shutdown; the server exits with status 1",
     "Look for a file system that hangs"},
    {"daemon.draining", "warn", "by timeout_s",
     "An administrator (`by`) told the server to drain: it refuses new connections, and ends with "
     "the last that it has, or after so many seconds",
     NULL},
    {"daemon.duplicates", "info", "entries clients bytes waiting ...",
     "SIGUSR1: replies kept for retries in NFSv4.0", NULL},
    {"daemon.error", "error", "error",
     "In JSON only: the reason why the server does not start, or ends", "As it says"},
    {"daemon.hangup", "info, error", "read error note",
     "SIGHUP: the settings were read again. With `error`: they remain as they were",
     "Error: correct the value that it names"},
    {"daemon.identities", "info", "entries asking ...",
     "SIGUSR1: questions who users and groups are", NULL},
    {"daemon.limits", "info", "revoked_opens ...",
     "SIGUSR1: how much of what is limited clients hold, and what was refused. Opens that are "
     "revoked, which their clients have not acknowledged, stand apart (`revoked_opens`)",
     NULL},
    {"daemon.memory", "info", "budget store total refused failed ...",
     "SIGUSR1: memory, by purpose", NULL},
    {"daemon.memory_limit", "warn", "about note remedy",
     "At the start, and with `--check`: the budget for what clients may use (`nfs.memory_mib`) is "
     "above the limit of the server's control group, so that the kernel would end the server "
     "before it refuses anything",
     "Set `nfs.memory_mib` to half of the limit, or raise that: `MemoryMax=` of systemd, "
     "`--memory` of a container"},
    {"daemon.minor_versions", "info", "served",
     "The minor versions that are served, at the start and after each change", NULL},
    {"daemon.no_exports", "info", "file",
     "The configuration `file` names no export: what is served was added while the server ran, if anything",
     "`mainstay export add /data=local:/srv/data`"},
    {"daemon.ready", "info", "address",
     "In JSON only: the server accepts connections at this address; one line for each", NULL},
    {"daemon.reload", "info, error", "change error note",
     "SIGHUP or `POST /reload`: a `change` that was made because the configuration file says "
     "something else; or an `error` in it, because of which nothing of it was changed",
     "Error: correct the file, and reload it again"},
    {"daemon.reload_done", "info", "file changes",
     "The configuration `file` was read again, and led to so many `changes`", NULL},
    {"daemon.serves", "info", "path backend directory access clients files_of security mount",
     "At the start, one line for each export: who may use it, whose the files are, what callers "
     "have to prove, and the command by which a client mounts it. At a terminal the same is printed "
     "for people instead",
     NULL},
    {"daemon.sessions", "info", "sessions reply_bytes ...", "SIGUSR1: sessions", NULL},
    {"daemon.setting", "info", "name value origin restart",
     "A setting that an option, the file, or a change has set. `restart` is the value after a "
     "restart with the same options, if it is another",
     NULL},
    {"daemon.sockets", "info", "given",
     "The service manager has opened so many listening sockets for the server; the addresses of "
     "`listen` are not used",
     "For other addresses `systemctl edit mainstayd.socket`: `ListenStream=` takes the place of `listen`"},
    {"daemon.stop", "info",
     "why by_pid by_uid connections half_records parked_calls blocked_threads unsent_bytes "
     "clients opens revoked_opens locks lock_waiters recalls",
     "The server was told to end: by which signal (`why`), or it has drained (`drained`), or was "
     "to end after that time (`drain timeout`); the "
     "process and user that sent the signal, "
     "and what there was at that moment: incomplete requests (`half_records`), requests that "
     "wait without a thread (`parked_calls`) or in file systems (`blocked_threads`), "
     "`unsent_bytes` of replies; `clients`, their `opens`, `locks`, `lock_waiters`, "
     "opens whose loss they have not acknowledged (`revoked_opens`), and "
     "delegations that are recalled and not returned (`recalls`)",
     NULL},
    {"daemon.transport", "info",
     "connections dialled_connections threads spare_threads blocked_threads log_dropped "
     "log_limited addresses half_records half_record_bytes unsent_bytes ...",
     "SIGUSR1: connections, requests and threads", NULL},
    {"daemon.unanswered", "warn", "waits_for",
     "At the end of the server a thread still waits for these directories or exports: the process "
     "ends without it",
     "See why their file system does not answer. The process is there until the kernel lets the "
     "thread go"},
    {"log.dropped", "warn", "count",
     "So many lines are missing here, because the queue of the log was full",
     "Let the reader of stderr read faster, raise `--log-queue`, or the level of the part that "
     "fills it"},
    {"state.limit", "info", "limit refused most",
     "A `limit` on the state of clients, whose value is `most`, has `refused` so many requests "
     "in the last second",
     "See who holds so much; raise the setting"},
    {"state.stall", "warn", "ms note",
     "The server stood still for so many milliseconds: leases, recalls and the grace period "
     "begin anew",
     "See whether the machine was suspended or had no memory"},
    {"state_dir.recovery_missing", "warn", "file effect",
     "`recovery.db` is missing where the server has run before: no client can reclaim what it "
     "held",
     "Restore the state directory before the start"},
    {"state_dir.remote", "warn", "about note remedy",
     "At the start, and with `--check`: the state directory is on another server, on which every "
     "open file then depends",
     "Name a directory on a disk of this machine: `state` (`--state`)"},
    {"state_dir.volatile", "warn", "about note remedy",
     "At the start, and with `--check`: the state directory is in memory, or in a container and not "
     "on a volume, so that it is lost some day. With `mem` exports alone this does not matter",
     "Name a directory on a disk: `state` (`--state`); mount a volume there"},
    {"state_file.recovered", "warn", "file why from",
     "A file of the state directory was restored `from` its copy", "Check the disk"},
    {"state_file.unwritable", "warn", "file error",
     "A file could not be restored: the server uses the copy",
     "Check the disk and the rights of the state directory"},
    {"delegation.recall_any", "info", "client keep held",
     "Nearly all delegations that may exist are held: a client is asked to `keep` so many of "
     "those that it has (`held`)",
     "Often: raise `nfs.max_delegations`"},
    {"delegation.revoke", "info", "client kind fileid recalled_ms",
     "A delegation was not returned within a lease after its recall, and was revoked: the client "
     "has lost what it had not written. At most 100 lines in a second, together with "
     "`delegation.slow`",
     "See whether the client hangs or cannot be reached"},
    {"delegation.slow", "info", "client fileid recalled_ms",
     "A delegation was returned late: `recalled_ms` after its recall, more than 5 seconds",
     "Often: see whether the client or its network is overloaded"},
    {"delegation.untold", "info", "client fileid why",
     "A client holds a delegation of a directory and has subscribed to its changes, but may not "
     "have been told one: the delegation was recalled. `why`: `overflow`, more changes than are "
     "kept for it; `memory`, there was none; `undelivered`, the client did not accept them; "
     "`unknown`, the file system could not tell what has changed. At most 100 lines in a second, "
     "together with `delegation.slow`",
     "Often `overflow`: the client or its network is too slow for the directory"},
    {"export.close", "info", "path", "An export was removed: its filehandles are stale", NULL},
    {"export.failed", "error", "error note", "A stored export cannot be served, and why",
     "Remove the cause, then `PUT` it again; or `DELETE` it"},
    {"export.not_cached", "warn", "about note remedy",
     "At the start, after changes, and with `--check`: an export has `attribute_cache=own` or `watched` where that "
     "has no effect, on a `mem` export, or on overlay, FUSE or a file system of another server",
     "Leave the option out; or export a directory on ext4, XFS, btrfs or tmpfs"},
    {"export.open", "info", "path access changes squash ports sec xprtsec client_rules",
     "An export at the start, or one that was added or changed, and the options in force, including defaults: `changes` is `sync` "
     "or `async`; `client_rules` is the number of rules (0: every address may use it)",
     NULL},
    {"export.own_user", "warn", "about note remedy",
     "At the start, after changes, and with `--check`: the server does not run as root, so the files of this export "
     "belong to its user, whoever the caller is",
     "Run the server as root; or set `all_squash`, `anonuid` and `anongid`, if that is what you want"},
    {"export.overruled", "warn", "path note",
     "A stored export does not count, because the command line or the configuration file has one "
     "at its path",
     "Remove one of the two; `DELETE` removes the stored one"},
    {"export.public", "warn", "about note remedy",
     "At the start, after changes, and with `--check`: an export has no rules about clients, and takes callers who "
     "prove nothing, and the server listens at a public address",
     "Name its clients (`client=`), or demand Kerberos (`sec=krb5p`) or certificates "
     "(`xprtsec=mtls`). `client=0.0.0.0/0,client=::/0` says that it is meant so"},
    {"export.refused", "info", "peer export uid principal why sec xprtsec op",
     "For audits: `peer` (with `principal` by Kerberos, else with `uid`) may not use an export, and `why`: `client` (its address), "
     "`port` (the export is `secure`, and the port is 1024 or above), `sec` (the export does not "
     "list the flavor of the call, which the field `sec` says), `tls_peer` (no rule `tls_peer` of the export matches the "
     "client's certificate), `xprtsec` (the export demands a "
     "better secured connection than this one, which the field `xprtsec` says), `squash` (`op` "
     "failed for a user who is squashed here), `ro` (`op` would change something). If `export` is "
     "empty, no export allows this peer. At most 20 lines in a second",
     "If it should be allowed: change the options of the export. With `why` `sec` clients usually "
     "ask which flavors there are, and come back with one of them"},
    {"export.refused_left_out", "info", "lines", "So many lines of `export.refused` were left out",
     NULL},
    {"export.remote", "warn", "about note remedy",
     "At the start, after changes, and with `--check`: the directory of an export is itself a mount of another "
     "server, which does not know what clients lock here",
     "Export it there"},
    {"export.revoke", "info", "revoked left",
     "An export was removed while clients used it, or admits some of its clients no longer: so many "
     "of their opens and delegations were `revoked`; those that are `left` could not be, because it "
     "cannot be written to disk",
     NULL},
    {"export.store_empty", "warn", "file note",
     "The file of the stored exports is there, but has nothing in it: it was emptied, or the server was killed "
     "when it made it",
     "Stop the server, restore the file from a backup and start the server; or add the exports again"},
    {"export.unanswered", "warn", "about note remedy",
     "At the start, and with `--check`: the directory of an export, or one that is mounted in it, does "
     "not answer. The server goes on; other warnings about exports may be missing",
     "See why its file system does not answer, or unmount it"},
    {"export.unreachable", "warn", "path why",
     "At the start, and with `--check`: no client can use an export, because the server lacks what it demands, a keytab "
     "or certificates",
     "Do what `why` says. A keytab may also come later, without a restart"},
    {"export.unstable", "warn", "about note remedy",
     "At the start, after changes, and with `--check`: the directory of an export is on a file system (overlay, "
     "fuse) that may give its files another identity, for instance when it is mounted anew: "
     "clients that have them open get ESTALE",
     "Export a directory of a disk's file system; of a container, a volume"},
    {"export.unwritable", "warn", "about note remedy",
     "At the start, after changes, and with `--check`: an export is for writing (`rw`), but nobody can write at its "
     "top: its directory belongs to root, and root is squashed, and nothing in it is for others; or "
     "the server may not write there",
     "As `remedy` says: `chown` the directory to those who are to write, or `no_root_squash`, or "
     "`ro`; as a service, `ReadWritePaths=`"},
    {"recovery.complete", "info", "client awaited",
     "A client has reclaimed what it held; so many are still `awaited`", NULL},
    {"recovery.db", "error", "error",
     "`recovery.db` could not be written, or was removed or replaced while the server ran. At "
     "most one line in a second",
     "Make room on the disk of the state directory, or check it; until then opens wait"},
    {"recovery.grace", "warn", "seconds lease note",
     "The grace period is shorter than `lease`, the longer of the lease time and that of the last "
     "run: clients may come too late",
     "Raise `nfs.grace_s`"},
    {"recovery.grace.begin", "info", "seconds awaited",
     "The server starts with a grace period of so many seconds, in which `awaited` clients may "
     "reclaim",
     NULL},
    {"recovery.grace.end", "info", "why missing dropped",
     "The grace period is over, `why`: all clients have reclaimed, or time. So many did not come "
     "(`missing`), and the records of so many were `dropped`",
     "`missing` above 0: see whether these clients were up in time"},
    {"recovery.loss_not_cleared", "warn", "client note",
     "`recovery.db` could not be written for a client that has acknowledged its losses: it "
     "cannot reclaim after the next restart",
     "See `recovery.db`"},
    {"connection.accepted", "debug", "connection peer", "A connection was accepted", NULL},
    {"connection.closed", "debug", "connection", "A connection was closed", NULL},
    {"connection.tail", "debug", "connection",
     "A connection is closed: a file was truncated while it was sent", NULL},
    {"connection.dial", "debug", "connection peer",
     "A connection to a client of NFSv4.0 is being made", NULL},
    {"connection.send", "debug", "connection errno", "Sending on a connection failed", NULL},
    {"gss.call_refused", "info", "connection peer principal why",
     "A call with Kerberos was refused, and `why`. Contexts that are not known or have expired are "
     "usual after a restart of the server and when tickets end: the client makes others by itself",
     "Wrong checksums, or calls that make no sense: find out what connects there, or what changes "
     "the bytes on their way"},
    {"gss.context", "info", "peer principal enctype lasts_s",
     "A client has made a Kerberos context: who it is, by which encryption, and for how long it is good",
     NULL},
    {"gss.keytab", "info, warn", "keytab keys error effect",
     "The keytab was read for the first time, or again since it has changed: so many `keys` of nfs/ principals, or the `error` for which there are none",
     "Error: make a keytab with a key of nfs/HOST that the server's user can read; `mainstay krb5 check` looks at it. The server takes notice by itself"},
    {"gss.keytab_open", "warn", "about note remedy",
     "At the start, and with `--check`: others than its owner and group can read or change the keytab",
     "`chmod 600`; then make new keys, since the old ones may be known"},
    {"gss.refuse", "info", "peer kind reason",
     "A client got no Kerberos context, and the `reason`. At most 20 lines in a second",
     "Do what the `reason` says: a key in the keytab, a clock, a ticket"},
    {"gss.replay", "info", "connection peer",
     "A connection was closed because a call with Kerberos came twice, or much too late; the "
     "client connects again. It happens when a connection is lost under load",
     "Many of them, from connections that were not lost: somebody repeats what others sent"},
    {"tls.cut", "info", "connection peer why subject issuer serial",
     "After a reload: a connection was closed because the certificate of its client is no longer "
     "good, and `why`",
     NULL},
    {"tls.displaced", "info", "connection peer",
     "A connection was closed because too many TLS handshakes were in progress, of which it had "
     "begun early",
     "Often: find out what connects there"},
    {"tls.displaced_address", "info", "connection peer",
     "A connection was closed because its address had 256 TLS handshakes in progress, of which it "
     "had begun first",
     "Often: find out what connects there"},
    {"tls.key_open", "warn", "about note remedy",
     "At the start, and with `--check`: others than its owner and group can read or change the key "
     "of the server's certificate",
     "`chmod 600`; then make a new key, since the old one may be known"},
    {"tls.late", "info", "connection peer",
     "A connection was closed because its TLS handshake took longer than 10 seconds",
     "Often: look for losses in the network, or find out what connects there"},
    {"tls.load", "info, warn, error", "cert until sender error note",
     "The files of `tls` were read, at the start or by SIGHUP or `mainstay reload`: the "
     "certificate (`cert`) is valid `until` that time, and what is sent is encrypted by the "
     "`sender`, the `kernel` or the `server` (`tls.offload`); or the `error` for which all stays "
     "as it was",
     "Warn: replace the certificate, which has expired; error: correct the file; then `mainstay "
     "reload`"},
    {"tls.memory", "warn", "note",
     "At the start: a library that was loaded into the server had used OpenSSL before, so that what "
     "OpenSSL takes is not counted (`mainstay_memory_bytes`, kind `tls`)",
     "Look for what is loaded by `LD_PRELOAD`, or by OpenSSL's own configuration"},
    {"tls.open", "info", "connection peer mode version suite sender subject issuer serial",
     "For audits: a TLS session begins. `mode`: `tls` (the client has shown no certificate) or "
     "`mtls` (it has, and it is good). `sender`: who encrypts what is sent, the `kernel` or the "
     "`server` (`tls.offload`). At most 20 lines in a second, together with `tls.refused`",
     NULL},
    {"tls.refused", "info", "connection peer why",
     "A TLS handshake, or session, was ended because of the client, and `why`. At most 20 lines "
     "in a second, together with `tls.open`",
     "As `why` says"},
    {"transport.accept_paused", "warn", "errno",
     "For a moment no connections are accepted, for lack of descriptors or memory",
     "Raise the limit on descriptors, or see to the memory of the machine"},
    {"transport.bad_header", "info", "connection peer",
     "A connection was closed because it sent something other than RPC records",
     "Many of them: find out what connects there"},
    {"transport.bad_message", "info", "connection peer",
     "A connection was closed because it sent a record that is no RPC message",
     "Many of them: find out what connects there"},
    {"transport.cut", "warn", "connections",
     "At shutdown, so many connections were closed with requests in progress; their clients retry",
     NULL},
    {"transport.displaced", "info", "connection peer",
     "An idle connection was closed to make room for one of another address",
     "Often: raise `transport.max_connections`"},
    {"transport.epoll", "warn", "errno", "A system call for a connection failed, and it was closed",
     "See to the memory of the machine"},
    {"transport.half_record_evicted", "info", "connection peer",
     "A connection was closed because requests that have arrived in part used too much memory",
     "Often: raise `transport.max_half_record_mib`, or close the port to that peer"},
    {"transport.half_record_late", "info", "connection peer",
     "A connection was closed because a request did not arrive in time",
     "Often: look for losses in the network; `transport.record_timeout_s` is the time"},
    {"transport.idle", "info", "connection peer",
     "A connection that serves no client was idle for too long", NULL},
    {"transport.no_memory", "info", "connection peer",
     "A connection was closed because there was no memory for its requests or replies; its "
     "client reconnects and retries",
     "Raise `nfs.memory_mib`, or see to the memory of the machine"},
    {"transport.oversize", "info", "connection peer",
     "A connection was closed because it sent a record above the limit of 1 MiB and 4 KiB",
     "Many of them: find out what connects there"},
    {"transport.refused", "info", "reason peer",
     "A connection was closed at once; `reason`: `connections` or `address` (a limit), `memory`. "
     "At most 10 lines in a second for each limit",
     "Often: raise `transport.max_connections` or `transport.max_connections_per_address`"},
    {"transport.socket_option", "warn", "option errno",
     "A system call for a connection failed; it works without that option", NULL},
    {"transport.thread", "error", "errno threads",
     "A thread could not be created beside the `threads` that there are. At most one line in a "
     "second",
     "Raise the limit on threads (`TasksMax=` of systemd), or see to the memory"},
    {"transport.unsent_evicted", "info", "connection peer",
     "A connection was closed because replies that clients have not read used too much memory",
     "Often: raise `transport.max_unsent_mib`, or see why that client does not read"},
    {"transport.unsent_late", "info", "connection peer",
     "A connection was closed because its client read none of its replies for too long",
     "See why that client does not read; `transport.send_timeout_s` is the time"},
    {"sequence", "debug", "session slot seqid cache", "SEQUENCE accepted a request", NULL},
    {"sequence.refused", "info", "session type status slot received expected state ops",
     "SEQUENCE failed: its `type` and `status`, the seqid `received` and `expected`, the slot's "
     "`state` (untouched: it was not examined). At most 100 lines in a second",
     "`seq_misordered`, `false_retry`: report it to the maker of the client. `bad_session`: "
     "after a restart this is normal"},
    {"sequence.refused_left_out", "info", "lines",
     "So many lines of `sequence.refused` were left out", NULL},
    {"sequence.replay", "info", "session slot seqid bytes",
     "A retry was answered with the reply that was kept. At most 100 lines in a second",
     "Many of them: look for losses in the network"},
    {"sequence.replay_left_out", "info", "lines",
     "So many lines of `sequence.replay` were left out", NULL},
};

const size_t event_count = ARRAY_SIZE(event_table);
