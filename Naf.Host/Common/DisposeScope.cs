namespace Naf.Host.Common;

/// <summary>What was opened, to be closed together, the last first.</summary>
internal sealed class DisposeScope : IDisposable
{
    private readonly Stack<IDisposable> _opened = new();

    /// <summary>Takes charge of a resource.</summary>
    public T Add<T>(T resource) where T : IDisposable
    {
        _opened.Push(resource);
        return resource;
    }

    public void Dispose()
    {
        while (_opened.TryPop(out IDisposable? resource)) resource.Dispose();
    }
}
