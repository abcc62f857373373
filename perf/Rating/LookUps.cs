using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Streams.Perf.Rating;

/// <summary>Entitlements asked for over real HTTP on loopback, server and clients as processes on the same cores: as many as there can be, then at a fixed rate with times from when each was due.</summary>
static class LookUps
{
    const int Connections = 8, Pipelined = 8, Warming = 40_000;

    public static async Task MeasureAsync(int customers, TimeSpan duration, int rate)
    {
        using var server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Environment.GetCommandLineArgs()[0], "--serve", customers.ToString(CultureInfo.InvariantCulture)])
            { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            var address = new Uri(await server.StandardOutput.ReadLineAsync() ?? throw new IOException("The server did not start"));
            await SaturateAsync(address, customers, null, Warming);
            await PrintThroughputAsync(server, address, customers, duration);
            await PrintLatencyAsync(server, address, customers, duration, rate);
        }
        finally
        {
            server.StandardInput.Close();
            await server.WaitForExitAsync();
        }
    }

    static async Task PrintThroughputAsync(Process server, Uri address, int customers, TimeSpan duration)
    {
        var (cpu, started) = (await CpuAsync(server), Stopwatch.GetTimestamp());
        var answered = await SaturateAsync(address, customers, duration, long.MaxValue);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var used = await CpuAsync(server) - cpu;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"look-ups, {customers:N0} customers: {answered / seconds:N0} a second; server {used / answered * 1e6:F1} µs of CPU each ({answered / used:N0} a CPU-second); {Connections} connections, {Pipelined} in flight on each"));
    }

    static async Task PrintLatencyAsync(Process server, Uri address, int customers, TimeSpan duration, int rate)
    {
        var cpu = await CpuAsync(server);
        var lanes = await PacedAsync(address, customers, duration, rate);
        var used = await CpuAsync(server) - cpu;
        var all = lanes.SelectMany(l => l).Order().ToList();
        double At(double share) => all[(int)Math.Min(all.Count - 1, share * all.Count)].TotalMilliseconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"look-ups at {rate:N0} a second, from when each was due: p50 {At(0.5):F2} ms, p99 {At(0.99):F2} ms, p99.9 {At(0.999):F2} ms, most {At(1):F2} ms; server {used / all.Count * 1e6:F1} µs of CPU each; {all.Count:N0} answers"));
    }

    static async Task<double> CpuAsync(Process server)
    {
        await server.StandardInput.WriteLineAsync("cpu");
        return double.Parse((await server.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
    }

    /// <summary>Keeps so many requests in flight on each connection until the time is over or so many are answered.</summary>
    static async Task<long> SaturateAsync(Uri address, int customers, TimeSpan? duration, long most)
    {
        var end = duration is { } time ? Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency) : long.MaxValue;
        return (await Task.WhenAll(Enumerable.Range(0, Connections).Select(async i =>
        {
            using var lane = await Lane.OpenAsync(address, customers, i);
            var answered = 0L;
            while (answered < most / Connections && Stopwatch.GetTimestamp() < end)
            {
                await lane.AskAsync(Pipelined);
                answered += Pipelined;
                for (var left = Pipelined; left > 0;) left -= await lane.ReadAsync();
            }
            return answered;
        }))).Sum();
    }

    /// <summary>Sends each request when it is due, on the connections by turns, whether or not earlier ones are answered; the time of an answer counts from then.</summary>
    static async Task<List<TimeSpan>[]> PacedAsync(Uri address, int customers, TimeSpan duration, int rate)
    {
        var lanes = await Task.WhenAll(Enumerable.Range(0, Connections).Select(i => Lane.OpenAsync(address, customers, i)));
        var (start, count) = (Stopwatch.GetTimestamp() + Stopwatch.Frequency / 10, (int)(rate * duration.TotalSeconds) / Connections);
        long Due(long i) => start + i * Stopwatch.Frequency / rate;
        var sending = Task.Factory.StartNew(() =>
        {
            for (var i = 0; i < count * Connections; i++)
            {
                Pace.Until(Due(i));
                lanes[i % Connections].Ask();
            }
        }, TaskCreationOptions.LongRunning);
        var times = await Task.WhenAll(lanes.Select(async (lane, index) =>
        {
            var own = new List<TimeSpan>(count);
            while (own.Count < count)
            {
                var answers = await lane.ReadAsync();
                var now = Stopwatch.GetTimestamp();
                for (var i = 0; i < answers; i++) own.Add(Stopwatch.GetElapsedTime(Due((long)own.Count * Connections + index), now));
            }
            return own;
        }));
        await sending;
        foreach (var lane in lanes) lane.Dispose();
        return times;
    }
}

/// <summary>One keep-alive connection that asks for customers by turns and counts answers.</summary>
sealed class Lane : IDisposable
{
    static readonly byte[] Mark = Encoding.ASCII.GetBytes("HTTP/1.1 ");

    readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    readonly byte[] _received = new byte[64 * 1024];
    readonly byte[][] _requests;
    readonly MemoryStream _batch = new();
    int _next;
    int _matched;

    Lane(Uri address, int customers, int index)
    {
        // A pseudo-random walk over the customers, another one on each connection.
        var random = new Random(index);
        _requests = [.. Enumerable.Range(0, 10_000).Select(_ => Encoding.ASCII.GetBytes($"GET /v1/entitlements/{LookUpServer.Customer(random.Next(customers))}/requests HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n"))];
    }

    public static async Task<Lane> OpenAsync(Uri address, int customers, int index)
    {
        var lane = new Lane(address, customers, index);
        await lane._socket.ConnectAsync(IPAddress.Loopback, address.Port);
        return lane;
    }

    public async Task AskAsync(int count)
    {
        _batch.SetLength(0);
        for (var i = 0; i < count; i++) _batch.Write(_requests[_next++ % _requests.Length]);
        await _socket.SendAsync(_batch.GetBuffer().AsMemory(0, (int)_batch.Length));
    }

    /// <summary>One request, at once.</summary>
    public void Ask() => _socket.Send(_requests[_next++ % _requests.Length]);

    /// <summary>Answers that began in what came next; every one must be 200.</summary>
    public async Task<int> ReadAsync()
    {
        var length = await _socket.ReceiveAsync(_received.AsMemory());
        if (length == 0) throw new IOException("The server closed the connection");
        var answers = 0;
        for (var i = 0; i < length; i++)
        {
            var one = _received[i];
            if (_matched == Mark.Length)
            {
                if (one != (byte)'2') throw new IOException("An answer is not 200");
                answers++;
                _matched = 0;
            }
            else _matched = one == Mark[_matched] ? _matched + 1 : one == Mark[0] ? 1 : 0;
        }
        return answers;
    }

    public void Dispose() => _socket.Dispose();
}
