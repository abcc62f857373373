namespace Streams.Broker.Fuzz.Wire;

/// <summary>
/// The values of a structure's fields in their order: <see cref="long"/> for numbers and booleans, <see cref="string"/>, <see cref="T:byte[]"/> (also for
/// records), <see cref="Guid"/>, <see cref="T:object[]"/> for arrays, another structure, or null. Tagged fields as they stand.
/// </summary>
internal sealed record Struct(object?[] Values, IReadOnlyList<(uint Tag, byte[] Bytes)> Tags);
