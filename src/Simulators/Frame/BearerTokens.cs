using System.Buffers.Text;
using System.Security.Cryptography;

namespace Streams.Simulators;

/// <summary>Access tokens given out and their ends.</summary>
sealed class BearerTokens(TimeSpan lifetime, TimeProvider time)
{
    const int Kept = 10_000;

    readonly Lock _lock = new();
    readonly Dictionary<string, DateTimeOffset> _tokens = [];

    public int Seconds => (int)(lifetime.Ticks / TimeSpan.TicksPerSecond);

    public string Issue()
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_tokens.Count >= Kept)
            {
                foreach (var old in _tokens.Where(t => t.Value <= now).Select(t => t.Key).ToList()) _tokens.Remove(old);
            }
            _tokens[token] = now + lifetime;
        }
        return token;
    }

    /// <summary>Whether the header of a request carries a token that holds.</summary>
    public bool Holds(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith("Bearer ", StringComparison.Ordinal)) return false;
        lock (_lock) return _tokens.TryGetValue(authorization["Bearer ".Length..], out var until) && time.GetUtcNow() < until;
    }

    public void RevokeAll()
    {
        lock (_lock) _tokens.Clear();
    }
}
