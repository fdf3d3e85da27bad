/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/machine_warnings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cgroup_memory.h"
#include "base/memory.h"
#include "daemon/file_system.h"
#include "daemon/served.h"
#include "daemon/state_dir.h"
#include "daemon/warning.h"

enum {
    NOTE_BYTES = 512
};

/* By what the usual container engines leave for those who want to know. */
static bool is_container(void)
{
    return getenv("container") || getenv("KUBERNETES_SERVICE_HOST") ||
           access("/run/.containerenv", F_OK) == 0 || access("/.dockerenv", F_OK) == 0;
}

/* Files in memory end with the server, so their state may, too. */
static bool has_lasting(const struct served *served)
{
    for (uint32_t i = 0; i < served->count; i++) {
        if (strcmp(served->exports[i].spec.backend, "mem") != 0)
            return true;
    }
    return served->count == 0; /* they will be added, and stored */
}

static void look_at_state(const struct config *config, const struct served *served)
{
    char existing[LIMIT_PATH_BYTES], note[NOTE_BYTES];
    enum file_system_kind kind;
    const char *name;

    state_dir_existing(config->state_dir, existing, sizeof(existing));
    kind = file_system_of(existing);
    name = file_system_name(existing);
    if (kind == FILE_SYSTEM_MEMORY && has_lasting(served)) {
        (void)snprintf(note, sizeof(note),
                       "the state directory is in memory (%s): when the machine restarts, clients "
                       "lose what they hold, and exports and settings that were added",
                       name);
        warning_tell(NULL, "state_dir.volatile", config->state_dir, note,
                     "state (--state): a directory on a disk, such as /var/lib/mainstay");
    } else if (kind == FILE_SYSTEM_LAYERS && is_container() && has_lasting(served)) {
        warning_tell(NULL, "state_dir.volatile", config->state_dir,
                     "the state directory is in the container: when that is replaced, clients lose "
                     "what they hold, and exports and settings that were added",
                     "mount a volume at that place");
    } else if (kind == FILE_SYSTEM_REMOTE) {
        (void)snprintf(note, sizeof(note),
                       "the state directory is on another server (%s): when that does not answer, "
                       "nobody can open a file here, and its databases need locks that work",
                       name);
        warning_tell(NULL, "state_dir.remote", config->state_dir, note,
                     "state (--state): a directory on a disk of this machine");
    }
}

static bool is_open_to_others(const char *path)
{
    struct stat st;

    return path && stat(path, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)) != 0;
}

static const char *keytab_path(const struct config *config)
{
    static const char prefix[] = "FILE:";
    const char *path = config->keytab ? config->keytab : getenv("KRB5_KTNAME");

    if (!path)
        return "/etc/krb5.keytab";
    return strncmp(path, prefix, sizeof(prefix) - 1) == 0 ? path + sizeof(prefix) - 1 : path;
}

static void look_at_secrets(const struct config *config)
{
    const char *keytab = keytab_path(config);

    if (is_open_to_others(keytab))
        warning_tell(NULL, "gss.keytab_open", keytab,
                     "every user of this machine can read or change the keytab, and then be this "
                     "server, or any user of its clients",
                     "chown it to the server's user, chmod 600; then make new keys");
    if (is_open_to_others(config->tls.key))
        warning_tell(NULL, "tls.key_open", config->tls.key,
                     "every user of this machine can read or change the key of the certificate, "
                     "and then be this server",
                     "chown it to the server's user, chmod 600; then make a new key");
}

static void look_at_memory(const struct setting_values *values)
{
    const uint32_t mib = values->of[SETTING_MEMORY_MIB].number;
    const uint64_t budget = mib > 0 ? (uint64_t)mib << 20 : memory_budget_default();
    const uint64_t limit = cgroup_memory_bytes("/proc/self/cgroup", "/sys/fs/cgroup");
    char note[NOTE_BYTES];

    if (limit > budget)
        return;
    (void)snprintf(note, sizeof(note),
                   "clients may make the server use %" PRIu64
                   " MiB, but its control group has only "
                   "%" PRIu64 " MiB: before the budget is used up, the kernel kills the server",
                   budget >> 20, limit >> 20);
    warning_tell(NULL, "daemon.memory_limit", "nfs.memory_mib", note,
                 "set nfs.memory_mib to half of the limit, or raise that: MemoryMax= of systemd, "
                 "--memory of a container");
}

static void look_at_connections(const struct setting_values *values, uint32_t connections)
{
    const uint32_t wanted = values->of[SETTING_MAX_CONNECTIONS].number;
    char note[NOTE_BYTES];

    if (wanted == LIMIT_CONNECTIONS || wanted <= connections)
        return; /* nobody has asked for so many, or there are enough */
    (void)snprintf(note, sizeof(note),
                   "the descriptors are enough for %" PRIu32 " connections, not for %" PRIu32,
                   connections, wanted);
    warning_tell(NULL, "daemon.connections_few", "transport.max_connections", note,
                 "raise the limit on descriptors: LimitNOFILE= of systemd, ulimit -Hn");
}

void machine_warnings_tell(const struct config *config, const struct served *served,
                           const struct setting_values *values, uint32_t connections)
{
    look_at_state(config, served);
    look_at_secrets(config);
    look_at_memory(values);
    look_at_connections(values, connections);
}
