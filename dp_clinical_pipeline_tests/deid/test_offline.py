"""While identifiers are in memory, the network is refused."""

import socket

import pytest

from dp_clinical_pipeline.deid.offline import NetworkRefused, refused_network


def test_sockets_and_name_lookups_are_refused_and_given_back() -> None:
    real = socket.socket
    with refused_network():
        with refused_network(), pytest.raises(NetworkRefused):
            socket.socket()
        with pytest.raises(NetworkRefused):
            socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with pytest.raises(NetworkRefused):
            socket.getaddrinfo("localhost", 80)
        with pytest.raises(NetworkRefused):
            socket.create_connection(("127.0.0.1", 9))
    assert socket.socket is real
    socket.socket().close()
