using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>Open windows under numbers; those of an account hang together in a chain, the latest opened first.</summary>
sealed class WindowChains(AccountTable accounts)
{
    readonly Slab<OpenWindow> _windows = new();

    public int Count => _windows.Count;

    public ref OpenWindow this[int window] => ref _windows[window];

    /// <summary>The number of the account's window of this start, or <see cref="Account.None"/>.</summary>
    public int Find(int account, long start)
    {
        var window = account == Account.None ? Account.None : accounts[account].Windows;
        while (window != Account.None && _windows[window].Start != start) window = _windows[window].Next;
        return window;
    }

    public int Add(int account, in OpenWindow content)
    {
        var number = _windows.Take();
        ref var window = ref _windows[number];
        window = content;
        window.Account = account;
        window.Next = accounts[account].Windows;
        accounts[account].Windows = number;
        return number;
    }

    public void Remove(int closed)
    {
        ref var account = ref accounts[_windows[closed].Account];
        if (account.Windows == closed) account.Windows = _windows[closed].Next;
        else
        {
            for (var window = account.Windows; window != Account.None; window = _windows[window].Next)
            {
                if (_windows[window].Next == closed) _windows[window].Next = _windows[closed].Next;
            }
        }
        _windows.Free(closed);
    }

    public void RemoveAll(int account)
    {
        ref var row = ref accounts[account];
        while (row.Windows != Account.None)
        {
            var window = row.Windows;
            row.Windows = _windows[window].Next;
            _windows.Free(window);
        }
    }

    public void Fetch(int window) => CacheLine.Fetch(ref _windows[window]);

    /// <summary>Brings an account's key and latest window near; the account is.</summary>
    public void FetchDetails(int account)
    {
        accounts.FetchKey(account);
        ref var row = ref accounts[account];
        if (row.KeyLength > 0 && row.Windows >= 0) CacheLine.Fetch(ref _windows[row.Windows]);
    }

    /// <summary>As above, where only the hash is known.</summary>
    public void FetchDetailsOf(uint hash)
    {
        var account = accounts.Guess(hash);
        if (account != Account.None) FetchDetails(account);
    }
}
