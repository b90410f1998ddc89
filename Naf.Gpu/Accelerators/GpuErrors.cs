using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Naf.Gpu.Devices;

namespace Naf.Gpu.Accelerators;

/// <summary>Translates driver errors to this library's exceptions, which name the remedy.</summary>
internal static class GpuErrors
{
    /// <summary>The exception for a failed call, which may also report a failure of earlier launched work.</summary>
    public static DeviceException Of(AcceleratorException error, string device, string call) =>
        Of(Code(error), device, call);

    /// <param name="code">ILGPU's name of the driver's status code; its number if ILGPU does not know it.</param>
    public static DeviceException Of(string code, string device, string call)
    {
        string reason = $"{call}: {code}";
        return code switch
        {
            "CUDA_ERROR_OUT_OF_MEMORY" or "CL_MEM_OBJECT_ALLOCATION_FAILURE" or "CL_OUT_OF_HOST_MEMORY"
            or "CL_INVALID_BUFFER_SIZE" =>
                new DeviceMemoryException(device, $"memory left for {call}"),
            _ when IsLost(code) => new DeviceLostException(device, reason),
            _ => new DeviceException($"{device} refuses a call ({reason}); update its driver or use device=cpu"),
        };
    }

    /// <summary>Whether a launch was refused because its shape does not fit the kernel or the device.</summary>
    public static bool IsLaunchShape(AcceleratorException error) => Code(error) is
        "CUDA_ERROR_INVALID_VALUE" or "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES" or "720" or "CL_OUT_OF_RESOURCES"
        or "CL_INVALID_WORK_GROUP_SIZE" or "CL_INVALID_WORK_ITEM_SIZE" or "CL_INVALID_WORK_DIMENSION";

    // NVIDIA's OpenCL reports a kernel's fault as out of resources while waiting or reading
    private static bool IsLost(string code) => code is
        "CUDA_ERROR_NOT_INITIALIZED" or "CUDA_ERROR_DEINITIALIZED" or "CUDA_ERROR_INVALID_DEVICE"
        or "CUDA_ERROR_INVALID_CONTEXT" or "CUDA_ERROR_ECC_UNCORRECTABLE" or "CUDA_ERROR_NVLINK_UNCORRECTABLE"
        or "CUDA_ERROR_ILLEGAL_ADDRESS" or "CUDA_ERROR_LAUNCH_TIMEOUT" or "CUDA_ERROR_CONTEXT_IS_DESTROYED"
        or "CUDA_ERROR_ASSERT" or "CUDA_ERROR_HARDWARE_STACK_ERROR" or "CUDA_ERROR_ILLEGAL_INSTRUCTION"
        or "CUDA_ERROR_MISALIGNED_ADDRESS" or "CUDA_ERROR_INVALID_ADDRESS_SPACE" or "CUDA_ERROR_INVALID_PC"
        or "CUDA_ERROR_LAUNCH_FAILED" or "CUDA_ERROR_UNKNOWN" or "46" or "226" or "721"
        or "CL_DEVICE_NOT_AVAILABLE" or "CL_OUT_OF_RESOURCES" or "CL_INVALID_CONTEXT" or "CL_INVALID_COMMAND_QUEUE"
        or "CL_INVALID_KERNEL" or "-14";

    private static string Code(AcceleratorException error) => error switch
    {
        CudaException cuda => cuda.Error,
        CLException openCL => openCL.Error.ToString(),
        _ => error.Message,
    };
}
