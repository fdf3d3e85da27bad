/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/local: on btrfs, where files can share blocks. */
#include "backend/local_image.h"

int main(int argc, char **argv)
{
    return local_image_contract_main("btrfs", argc, argv);
}
