/* SPDX-License-Identifier: Apache-2.0 */
#include "state/recovery.h"

#include <stdlib.h>

#include "state/client.h"

struct recovery {
    uint32_t grace_s;
};

struct recovery *recovery_open(int dir, uint32_t grace_s, int64_t now_ns, char *error,
                               size_t error_size)
{
    struct recovery *recovery = must_calloc(1, sizeof(*recovery));

    (void)dir;
    (void)now_ns;
    (void)error;
    (void)error_size;
    recovery->grace_s = grace_s;
    return recovery;
}

void recovery_close(struct recovery *recovery)
{
    free(recovery);
}

bool recovery_in_grace(const struct recovery *recovery)
{
    (void)recovery;
    return false;
}

void recovery_client_made_locked(struct recovery *recovery, struct client *client)
{
    (void)recovery;
    atomic_init(&client->may_reclaim, false);
}

bool recovery_client_complete(struct recovery *recovery, struct client *client)
{
    (void)recovery;
    (void)client;
    return true;
}

bool recovery_client_lost(struct recovery *recovery, struct client *client)
{
    (void)recovery;
    (void)client;
    return true;
}

void recovery_client_whole(struct recovery *recovery, struct client *client)
{
    (void)recovery;
    (void)client;
}

void recovery_client_gone(struct recovery *recovery, struct client *client)
{
    (void)recovery;
    (void)client;
}

void recovery_tick(struct recovery *recovery, int64_t now_ns)
{
    (void)recovery;
    (void)now_ns;
}
