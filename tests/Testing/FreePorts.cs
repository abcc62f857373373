using System.Net;
using System.Net.Sockets;

namespace Streams.Testing;

/// <summary>
/// Ports for servers that are told theirs and may go away and come back. They lie below those that the system hands to outgoing connections, and each process of tests has a
/// block of its own: neither takes them while their server is not there yet or not there just now.
/// </summary>
public static class FreePorts
{
    private const int First = 20_000, Blocks = 120, BlockSize = 100;

    private static readonly Lock Sync = new();
    private static readonly Lazy<(FileStream Mark, int First)> Block = new(TakeBlock);
    private static int _given;

    /// <summary>The first of so many free ports in a row; Kafka takes two, the second for its controller.</summary>
    /// <exception cref="InvalidOperationException">There are none in the process's block.</exception>
    public static int Take(int count = 2)
    {
        lock (Sync)
        {
            for (var tried = 0; tried < 2 * BlockSize; tried++)
            {
                if (_given + count > BlockSize) _given = 0;
                var port = Block.Value.First + _given++;
                if (!Enumerable.Range(port, count).All(IsFree)) continue;
                _given += count - 1;
                return port;
            }
        }
        throw new InvalidOperationException($"no {count} free ports in a row from {Block.Value.First} on: end what listens there");
    }

    /// <summary>A block is this process's as long as it holds the block's file open; the system lets go of it however the process ends.</summary>
    private static (FileStream, int) TakeBlock()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "streams-ports"));
        for (var block = 0; block < Blocks; block++)
        {
            try
            {
                return (new FileStream(Path.Combine(folder.FullName, $"{block}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), First + block * BlockSize);
            }
            catch (IOException)
            {
                continue; // another process's
            }
        }
        throw new InvalidOperationException($"{Blocks} processes hold the blocks of ports in {folder.FullName}");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
