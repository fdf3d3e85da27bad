/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/callback_info.h"

#include "callback/back_channel.h"
#include "callback/callback.h"
#include "callback/dial_out.h"
#include "state/client/client_info.h"
#include "state/session/session.h"

static enum callback_path dialled(const struct callback *callback, uint64_t clientid)
{
    enum dial_path_state state =
        callback->dial_out ? dial_out_state(callback->dial_out, clientid) : DIAL_PATH_NONE;

    if (state == DIAL_PATH_NONE)
        return CALLBACK_PATH_NONE;
    return state == DIAL_PATH_UP ? CALLBACK_PATH_UP : CALLBACK_PATH_DOWN;
}

/* Who has a back channel is not dialled. */
enum callback_path callback_path_of(const struct callback *callback,
                                    const struct client_info *client)
{
    if (!client->callback_wanted)
        return dialled(callback, client->id);
    if (!client->callback_path)
        return CALLBACK_PATH_DOWN;
    return client->callback_refused ? CALLBACK_PATH_REFUSED : CALLBACK_PATH_UP;
}

const char *callback_path_name(enum callback_path path)
{
    static const char *const names[] = {
        [CALLBACK_PATH_NONE] = "none",
        [CALLBACK_PATH_DOWN] = "down",
        [CALLBACK_PATH_UP] = "up",
        [CALLBACK_PATH_REFUSED] = "refused",
    };

    return names[path];
}

void callback_backlog_of_session(const struct callback *callback, const uint8_t *sessionid,
                                 int64_t now_ns, struct callback_backlog *backlog)
{
    struct session *session = session_lookup(callback->state, sessionid);

    if (session)
        back_channel_backlog(session, now_ns, backlog);
    session_put(session);
}

void callback_backlog_of_client(const struct callback *callback, uint64_t clientid, int64_t now_ns,
                                struct callback_backlog *backlog)
{
    if (callback->dial_out)
        dial_out_backlog(callback->dial_out, clientid, now_ns, backlog);
}
