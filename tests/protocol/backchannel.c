/* SPDX-License-Identifier: Apache-2.0 */
#include "backchannel.h"

enum {
    OPTIONS_MAX = 16,
    PARK_MS = 10
};

struct client_fh dir;

int backchannel_setup(uint32_t park_ms, const char *const *options)
{
    static char park[64]; /* the server keeps its options for the next start */
    const char *all[OPTIONS_MAX + 1] = {"--export", "/mem=mem:,no_root_squash", "--set", park};
    size_t count = 4;

    (void)snprintf(park, sizeof(park), "nfs.recall_park_ms=%u", park_ms);
    for (; options && *options; options++) {
        CHECK(count < OPTIONS_MAX);
        all[count++] = *options;
    }
    if (script_setup(all) != 0 || !script_open_to_all(script_mem))
        return -1;
    dir = script_dir(script_mem);
    return 0;
}

int backchannel_setup_default(void **state)
{
    (void)state;
    return backchannel_setup(PARK_MS, NULL);
}

const struct client_callback *back_service_call(const struct holder *holder, uint32_t number)
{
    return client_callback_at(holder->callbacks, number);
}

const struct client_callback *backchannel_recalled(struct holder *holder, const char *name,
                                                   struct client_file *file)
{
    *file = holder_contended(holder, &dir, name);
    return back_service_call(holder, holder_wait_recall(holder, file));
}
