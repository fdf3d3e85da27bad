/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exports_client.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

enum {
    ADDRESS_BYTES_MAX = 16,
    HOST_BYTES_MAX = 253,
};

static enum exports_verdict refuse(char why[EXPORTS_WHY_BYTES], const char *reason)
{
    (void)snprintf(why, EXPORTS_WHY_BYTES, "%s", reason);
    return EXPORTS_REFUSED;
}

/* ---- networks ---- */

struct network {
    int family;
    uint8_t address[ADDRESS_BYTES_MAX];
    unsigned bits;
};

static unsigned family_bits(int family)
{
    return family == AF_INET ? 32 : 128;
}

static bool address_parse(const char *text, struct network *network)
{
    if (inet_pton(AF_INET, text, network->address) == 1)
        network->family = AF_INET;
    else if (inet_pton(AF_INET6, text, network->address) == 1)
        network->family = AF_INET6;
    else
        return false;
    network->bits = family_bits(network->family);
    return true;
}

/* "24": one to three digits. */
static bool bits_parse(const char *text, unsigned max, unsigned *bits)
{
    size_t len = strlen(text);

    *bits = 0;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9')
            return false;
        *bits = *bits > max ? *bits : *bits * 10 + (unsigned)(*c - '0');
    }
    return len >= 1 && len <= 3 && *bits <= max;
}

/* "255.255.255.0": ones, then zeros. */
static bool mask_parse(const char *text, int family, unsigned *bits)
{
    struct network mask;
    unsigned len;

    if (!address_parse(text, &mask) || mask.family != family)
        return false;
    len = family_bits(family);
    *bits = 0;
    while (*bits < len && (mask.address[*bits / 8] & (0x80u >> *bits % 8)) != 0)
        ++*bits;
    for (unsigned i = *bits; i < len; i++) {
        if ((mask.address[i / 8] & (0x80u >> i % 8)) != 0)
            return false;
    }
    return true;
}

/* Without the bits that the mask leaves out. */
static void network_print(struct network *network, char text[EXPORTS_ADDRESS_BYTES])
{
    unsigned len = family_bits(network->family);
    char address[INET6_ADDRSTRLEN];

    for (unsigned i = network->bits; i < len; i++)
        network->address[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
    CHECK(inet_ntop(network->family, network->address, address, sizeof(address)));
    if (network->bits == len)
        (void)snprintf(text, EXPORTS_ADDRESS_BYTES, "%s", address);
    else
        (void)snprintf(text, EXPORTS_ADDRESS_BYTES, "%s/%u", address, network->bits);
}

static enum exports_verdict network_take(const char *word, struct exports_addresses *addresses,
                                         char why[EXPORTS_WHY_BYTES])
{
    const char *slash = strchr(word, '/');
    char address[INET6_ADDRSTRLEN];
    size_t len = (size_t)(slash - word);
    struct network network;

    if (len >= sizeof(address))
        return refuse(why, "what stands before the slash is no address");
    memcpy(address, word, len);
    address[len] = '\0';
    if (!address_parse(address, &network))
        return refuse(why, "what stands before the slash is no address; expected a network such as "
                           "192.0.2.0/24 or 192.0.2.0/255.255.255.0");
    if (!bits_parse(slash + 1, family_bits(network.family), &network.bits) &&
        !mask_parse(slash + 1, network.family, &network.bits))
        return refuse(why, network.family == AF_INET
                               ? "the mask is neither 0 to 32 nor one whose ones come first; "
                                 "expected a network such as 192.0.2.0/24"
                               : "the mask is neither 0 to 128 nor one whose ones come first; "
                                 "expected a network such as 2001:db8::/32");
    network_print(&network, addresses->of[addresses->count++]);
    return EXPORTS_TAKEN;
}

/* ---- hosts ---- */

static bool is_host_name(const char *word)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t len = strlen(word);

    return len <= HOST_BYTES_MAX && strspn(word, allowed) == len && *word != '.' && *word != '-';
}

/* "192.0.2.300" and "10.1" are mistyped addresses, although a resolver might take them. */
static bool is_nearly_address(const char *word)
{
    return word[strspn(word, "0123456789.")] == '\0';
}

static enum exports_verdict host_take(const char *word, exports_resolve *resolve,
                                      struct exports_addresses *addresses,
                                      char why[EXPORTS_WHY_BYTES])
{
    size_t len;

    addresses->count = resolve(word, addresses->of, LIMIT_EXPORTS_FILE_ADDRESSES);
    if (addresses->count == 0)
        return refuse(why, "this host has no address that can be found; name its address");
    len = (size_t)snprintf(why, EXPORTS_WHY_BYTES, "as the addresses that it has now:");
    for (uint32_t i = 0; i < addresses->count && len < EXPORTS_WHY_BYTES; i++)
        len += (size_t)snprintf(why + len, EXPORTS_WHY_BYTES - len, " %s", addresses->of[i]);
    return EXPORTS_TAKEN;
}

enum exports_verdict exports_client_parse(const char *word, exports_resolve *resolve,
                                          struct exports_addresses *addresses,
                                          char why[EXPORTS_WHY_BYTES])
{
    struct network network;

    *why = '\0';
    *addresses = (struct exports_addresses){0};
    if (*word == '\0' || strcmp(word, "*") == 0) {
        addresses->everybody = true;
        return EXPORTS_TAKEN;
    }
    if (address_parse(word, &network)) {
        network_print(&network, addresses->of[addresses->count++]);
        return EXPORTS_TAKEN;
    }
    if (*word == '@')
        return refuse(why, "netgroups are not looked up; name its hosts or networks");
    addresses->flavor = exports_security_client(word);
    if (addresses->flavor) {
        addresses->everybody = true;
        return EXPORTS_TAKEN;
    }
    if (strncmp(word, "gss/", strlen("gss/")) == 0)
        return refuse(why, "no such flavor; expected gss/krb5, gss/krb5i or gss/krb5p");
    if (*word == '[' && strchr(word, ':'))
        return refuse(why, "an IPv6 address stands without brackets");
    if (strpbrk(word, "*?["))
        return refuse(why, "clients are not known by their names, so no wildcard can be matched; "
                           "name hosts, or a network such as 192.0.2.0/24");
    if (strchr(word, '/'))
        return network_take(word, addresses, why);
    if (strchr(word, '%'))
        return refuse(why, "addresses with a zone cannot be named");
    if (is_nearly_address(word) || strchr(word, ':'))
        return refuse(why, "not a whole address; expected one such as 192.0.2.7 or 2001:db8::7");
    if (!is_host_name(word))
        return refuse(why, "neither a host nor a network");
    return host_take(word, resolve, addresses, why);
}

uint32_t exports_client_resolve(const char *name, char (*addresses)[EXPORTS_ADDRESS_BYTES],
                                uint32_t max)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    uint32_t count = 0;

    if (getaddrinfo(name, NULL, &hints, &list) != 0)
        return 0;
    for (const struct addrinfo *a = list; a && count < max; a = a->ai_next) {
        if (getnameinfo(a->ai_addr, a->ai_addrlen, addresses[count], EXPORTS_ADDRESS_BYTES, NULL, 0,
                        NI_NUMERICHOST) == 0 &&
            !strchr(addresses[count], '%'))
            count++;
    }
    freeaddrinfo(list);
    return count;
}
