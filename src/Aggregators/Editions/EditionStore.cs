using System.Text;
using Streams.Rating.Contracts;
using Streams.Streaming;

namespace Streams.Aggregators.Editions;

/// <summary>
/// Which definitions a partition has taken up, each by the hash of what it says. Changelog: "d" and the definition's key, "e" and the contract (its edition's hash), "s"
/// (the settings).
/// </summary>
public sealed class EditionStore(string name) : IStateStore
{
    public const string Store = "editions";

    const byte DefinitionKind = (byte)'d', EditionKind = (byte)'e', SettingsKind = (byte)'s';

    readonly SortedDictionary<DefinitionKey, string> _definitions = [];
    readonly Dictionary<string, string> _editions = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, string?> _dirty = new(StringComparer.Ordinal);

    public string Name => name;

    /// <summary>What was taken up, in order.</summary>
    public IReadOnlyDictionary<DefinitionKey, string> Definitions => _definitions;

    /// <summary>The settings under which records were judged last; null before the first.</summary>
    public string? Settings { get; private set; }

    public string? EditionOf(string contract) => _editions.GetValueOrDefault(contract);

    /// <param name="key">A definition.</param>
    /// <param name="hash">Of what it says now; null: it is gone.</param>
    public void Set(DefinitionKey key, string? hash)
    {
        if (hash is null) _definitions.Remove(key);
        else _definitions[key] = hash;
        _dirty[(char)DefinitionKind + key.ToString()] = hash;
    }

    public void SetEdition(string contract, string hash) => _dirty[(char)EditionKind + contract] = _editions[contract] = hash;

    public void SetSettings(string settings) => _dirty[((char)SettingsKind).ToString()] = Settings = settings;

    public void Flush(IChangelog changelog)
    {
        foreach (var (key, value) in _dirty)
        {
            if (value is null) changelog.Delete(Encoding.UTF8.GetBytes(key));
            else changelog.Put(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
        }
        _dirty.Clear();
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        var (rest, text) = (Encoding.UTF8.GetString(key[1..]), Encoding.UTF8.GetString(value));
        switch (key[0])
        {
            case DefinitionKind:
                if (deleted) _definitions.Remove(DefinitionKey.Parse(rest));
                else _definitions[DefinitionKey.Parse(rest)] = text;
                break;
            case EditionKind:
                _editions[rest] = text;
                break;
            case SettingsKind:
                Settings = text;
                break;
            default:
                throw new InvalidDataException($"The changelog of store {Name} holds a key of unknown kind {key[0]}");
        }
    }
}
