/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/chores.h"

#include <stdio.h>

#include "admin/http/http_token.h"
#include "base/errand.h"
#include "base/limits.h"
#include "base/log.h"
#include "daemon/admin.h"
#include "daemon/reload.h"
#include "daemon/setting_effect.h"
#include "daemon/tls_setup.h"

enum {
    TEXT_BYTES = 512,
    PLACES_BYTES = 384
};

/* The log has the lines. */
static void drop_line(void *context, const char *text)
{
    (void)context, (void)text;
}

/* For themselves, unlike POST /reload: nobody gets an answer that tells that a token that was
 * removed is still valid. */
static void take_tokens(struct admin *admin)
{
    struct http_tokens tokens;
    char text[TEXT_BYTES];

    if (admin_tokens_read(admin, &tokens, text, sizeof(text)) && !errand_is_abandoned())
        admin_tokens_set(admin, &tokens, text, sizeof(text));
}

/* Tokens and certificates come first: exports that hang do not keep them from being replaced.  If
 * the file is wrong, what is stored is read nevertheless. */
static void hang_up_run(void *context)
{
    struct chores *chores = context;
    const struct reload *reload = chores->reload;
    char error[TEXT_BYTES];

    take_tokens(chores->admin);
    tls_setup_reload(reload->running, reload->transport, chores->admin);
    if (reload_run(reload, false, &(struct export_report){.line = drop_line}) != RELOAD_DONE &&
        reload->file && errand_commit())
        (void)setting_effect_reload(reload->settings, NULL, error, sizeof(error));
}

static void clean_out_run(void *context)
{
    struct chores *chores = context;

    errand_place("an export that was removed");
    CHECK(errand_commit()); /* nobody abandons it; the end of the server waits for it */
    exports_tick(chores->reload->exports);
}

static struct errand *chore_start(struct chores *chores, void (*run)(void *context), uint32_t most)
{
    return errand_start(
        &(struct errand_work){.run = run, .context = chores, .wake_fd = ERRAND_NO_WAKE}, most);
}

static void chore_drop(struct errand **chore)
{
    errand_put(*chore);
    *chore = NULL;
}

static void tell(const struct errand *errand, const char *format, const char *note)
{
    char places[PLACES_BYTES], text[TEXT_BYTES];

    errand_places(errand, places, sizeof(places));
    (void)snprintf(text, sizeof(text), format, places[0] ? places : "a file system");
    log_error("daemon.reload", LOG_STR("error", text), LOG_STR("note", note));
}

/* What takes too long is left to itself, so that a later SIGHUP finds its way. */
static void hang_up_look(struct chores *chores)
{
    if (!chores->hang_up || !(errand_is_late(chores->hang_up) || errand_is_done(chores->hang_up)))
        return;
    if (errand_abandon(chores->hang_up))
        tell(chores->hang_up, "%s does not answer",
             errand_is_committed(chores->hang_up) ? "what the file changes goes on"
                                                  : "nothing of the file was changed");
    chore_drop(&chores->hang_up);
}

/* Another SIGHUP while one is served is remembered once. */
static void hang_up_begin(struct chores *chores)
{
    if (!chores->hung_up || chores->hang_up)
        return;
    chores->hang_up = chore_start(chores, hang_up_run, LIMIT_ERRANDS);
    chores->hung_up = chores->hang_up == NULL;
    if (chores->hung_up && !chores->told)
        tell(NULL, "too much waits for %s already", "the file is read later");
    chores->told = chores->hung_up;
}

/* There is one of it at the most, so it needs no limit. */
static void clean_out_begin(struct chores *chores)
{
    if (chores->clean_out && errand_is_done(chores->clean_out))
        chore_drop(&chores->clean_out);
    if (!chores->clean_out && exports_await(chores->reload->exports))
        chores->clean_out = chore_start(chores, clean_out_run, UINT32_MAX);
}

void chores_run(struct chores *chores, bool hung_up)
{
    chores->hung_up |= hung_up;
    hang_up_look(chores);
    hang_up_begin(chores);
    clean_out_begin(chores);
}

void chores_stop(struct chores *chores)
{
    chore_drop(&chores->hang_up);
    chore_drop(&chores->clean_out);
}
