<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh" sourcelanguage="en">
  <context>
    <name>app</name>
    <message>
      <source>tip</source>
      <translation>指尖</translation>
    </message>
    <message>
      <source>flexion</source>
      <translation>屈曲</translation>
    </message>
    <message>
      <source>abduction</source>
      <translation>外展</translation>
    </message>
    <message>
      <source>twist</source>
      <translation>扭转</translation>
    </message>
    <message>
      <source>real hands</source>
      <translation>真实的手</translation>
    </message>
    <message>
      <source>renders</source>
      <translation>渲染图</translation>
    </message>
    <message>
      <source>video clips</source>
      <translation>视频片段</translation>
    </message>
    <message>
      <source>778 vertices (MANO's size)</source>
      <translation>778 个顶点（MANO 的大小）</translation>
    </message>
    <message>
      <source>1,500 vertices (balanced)</source>
      <translation>1,500 个顶点（均衡）</translation>
    </message>
    <message>
      <source>6,573 vertices (finest)</source>
      <translation>6,573 个顶点（最精细）</translation>
    </message>
    <message>
      <source>Hand mesh</source>
      <translation>手部网格</translation>
    </message>
    <message>
      <source>Draw the fitted mesh over the picture (1)</source>
      <translation>在画面上绘制拟合的网格（1）</translation>
    </message>
    <message>
      <source>Hand &amp;mesh</source>
      <translation>手部网格(&amp;M)</translation>
    </message>
    <message>
      <source>Skeleton</source>
      <translation>骨架</translation>
    </message>
    <message>
      <source>Draw the 21 joints and their bones (2)</source>
      <translation>绘制 21 个关节及骨骼（2）</translation>
    </message>
    <message>
      <source>&amp;Skeleton</source>
      <translation>骨架(&amp;S)</translation>
    </message>
    <message>
      <source>Crop boxes</source>
      <translation>裁剪框</translation>
    </message>
    <message>
      <source>Draw the square each estimate was made from (3)</source>
      <translation>绘制每次估计所用的方框（3）</translation>
    </message>
    <message>
      <source>Crop &amp;boxes</source>
      <translation>裁剪框(&amp;B)</translation>
    </message>
    <message>
      <source>Labels</source>
      <translation>标签</translation>
    </message>
    <message>
      <source>Name each hand and its confidence (4)</source>
      <translation>标出每只手及其置信度（4）</translation>
    </message>
    <message>
      <source>&amp;Labels</source>
      <translation>标签(&amp;L)</translation>
    </message>
    <message>
      <source>S&amp;wap the views</source>
      <translation>交换视图(&amp;W)</translation>
    </message>
    <message>
      <source>Mirror picture</source>
      <translation>镜像画面</translation>
    </message>
    <message>
      <source>Selfie view: flips what is seen, never the data (M)</source>
      <translation>自拍视图：只翻转所见，不改变数据（M）</translation>
    </message>
    <message>
      <source>M&amp;irror picture</source>
      <translation>镜像画面(&amp;I)</translation>
    </message>
    <message>
      <source>Follow the hands</source>
      <translation>跟随手</translation>
    </message>
    <message>
      <source>Enlarge the picture around the hands and go with them (H)</source>
      <translation>放大手周围的画面并跟随（H）</translation>
    </message>
    <message>
      <source>Fo&amp;llow the hands in the picture</source>
      <translation>画面跟随手(&amp;L)</translation>
    </message>
    <message>
      <source>Curves over time</source>
      <translation>随时间变化的曲线</translation>
    </message>
    <message>
      <source>Draw flexion, confidence or speed under the picture (U)</source>
      <translation>在画面下方绘制弯曲、置信度或速度（U）</translation>
    </message>
    <message>
      <source>Cur&amp;ves over time</source>
      <translation>随时间变化的曲线(&amp;V)</translation>
    </message>
    <message>
      <source>On the hand only</source>
      <translation>仅在手上</translation>
    </message>
    <message>
      <source>Colour the hand and leave the rest of the crop (0)</source>
      <translation>只给手着色，其余保持不变（0）</translation>
    </message>
    <message>
      <source>Map on the &amp;hand only</source>
      <translation>图仅在手上(&amp;H)</translation>
    </message>
    <message>
      <source>Show the joints in the 3D view (K)</source>
      <translation>在 3D 视图中显示关节（K）</translation>
    </message>
    <message>
      <source>Fingertip trails</source>
      <translation>指尖轨迹</translation>
    </message>
    <message>
      <source>Show where the fingertips have been, fading (T)</source>
      <translation>显示指尖经过的位置，逐渐淡出（T）</translation>
    </message>
    <message>
      <source>Fingertip &amp;trails</source>
      <translation>指尖轨迹(&amp;T)</translation>
    </message>
    <message>
      <source>Centre the hands</source>
      <translation>手居中</translation>
    </message>
    <message>
      <source>Put the hands side by side instead of in their metric places (X)</source>
      <translation>并排放置手，而非真实位置（X）</translation>
    </message>
    <message>
      <source>&amp;Centre the hands</source>
      <translation>手居中(&amp;C)</translation>
    </message>
    <message>
      <source>Keep the hands in the middle (F)</source>
      <translation>使手保持在中央（F）</translation>
    </message>
    <message>
      <source>&amp;Follow the hands</source>
      <translation>跟随手(&amp;F)</translation>
    </message>
    <message>
      <source>Ground grid and axes</source>
      <translation>地面网格和坐标轴</translation>
    </message>
    <message>
      <source>Show a ground grid of 5 cm and the axes (G)</source>
      <translation>显示 5 厘米地面网格和坐标轴（G）</translation>
    </message>
    <message>
      <source>&amp;Ground grid and axes</source>
      <translation>地面网格和坐标轴(&amp;G)</translation>
    </message>
    <message>
      <source>Camera and its view</source>
      <translation>摄像头及其视野</translation>
    </message>
    <message>
      <source>Show the camera and the pyramid that it sees (C)</source>
      <translation>显示摄像头及其视锥（C）</translation>
    </message>
    <message>
      <source>Camera and its &amp;view</source>
      <translation>摄像头及其视野(&amp;V)</translation>
    </message>
    <message>
      <source>Video</source>
      <translation>视频</translation>
    </message>
    <message>
      <source>The picture with its overlay (MP4)</source>
      <translation>带叠加层的画面（MP4）</translation>
    </message>
    <message>
      <source>Raw video</source>
      <translation>原始视频</translation>
    </message>
    <message>
      <source>The source's frames as they came, nothing drawn (MP4)</source>
      <translation>来源的原始帧，不绘制任何内容（MP4）</translation>
    </message>
    <message>
      <source>JSONL</source>
      <translation>JSONL</translation>
    </message>
    <message>
      <source>All parameters, frame by frame; the other formats can be made of it later</source>
      <translation>逐帧的全部参数；以后可由它生成其他格式</translation>
    </message>
    <message>
      <source>Finger flexion</source>
      <translation>手指弯曲</translation>
    </message>
    <message>
      <source>Confidence</source>
      <translation>置信度</translation>
    </message>
    <message>
      <source>Speed of the hand</source>
      <translation>手的速度</translation>
    </message>
    <message>
      <source>frame</source>
      <translation>帧</translation>
    </message>
    <message>
      <source>frames</source>
      <translation>帧</translation>
    </message>
    <message>
      <source>the view</source>
      <translation>视图</translation>
    </message>
    <message>
      <source>the model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>what recordings write</source>
      <translation>录制写入的内容</translation>
    </message>
    <message>
      <source>renaming {name}</source>
      <translation>重命名 {name}</translation>
    </message>
    <message>
      <source>deleting {name}</source>
      <translation>删除 {name}</translation>
    </message>
    <message>
      <source>{reason}: there is not enough memory. Close other programs, or ask for less</source>
      <translation>{reason}：内存不足。请关闭其他程序，或减少要求</translation>
    </message>
    <message>
      <source>{reason} ({error}); the log has the details</source>
      <translation>{reason}（{error}）；详情见日志</translation>
    </message>
    <message>
      <source>1 frame was passed over because {reason}</source>
      <translation>跳过了 1 帧：{reason}</translation>
    </message>
    <message>
      <source>{count} frames were passed over, the last one because {reason}</source>
      <translation>跳过了 {count} 帧，最后一帧：{reason}</translation>
    </message>
    <message>
      <source>{name} was not exported: {reason}</source>
      <translation>{name} 未导出：{reason}</translation>
    </message>
    <message>
      <source>{reason} Reconnecting…</source>
      <translation>{reason} 正在重新连接…</translation>
    </message>
    <message>
      <source>{path} does not exist: check the path</source>
      <translation>{path} 不存在：请检查路径</translation>
    </message>
    <message>
      <source>{path} does not exist ({reason}): check the path</source>
      <translation>{path} 不存在（{reason}）：请检查路径</translation>
    </message>
    <message>
      <source>{path} is not a file: check the path</source>
      <translation>{path} 不是文件：请检查路径</translation>
    </message>
    <message>
      <source>{path} cannot be read ({reason}): check its rights</source>
      <translation>无法读取 {path}（{reason}）：请检查权限</translation>
    </message>
    <message>
      <source>{path} is no path: check it</source>
      <translation>{path} 不是路径：请检查</translation>
    </message>
    <message>
      <source>{name} is empty (0 bytes): record or copy it again</source>
      <translation>{name} 是空的（0 字节）：请重新录制或复制</translation>
    </message>
    <message>
      <source>{name} is not a video that can be read: it may be damaged, incomplete or of another kind; try another file</source>
      <translation>{name} 不是可读的视频：可能已损坏、不完整或属于其他类型；请换一个文件</translation>
    </message>
    <message>
      <source>{name} holds no frame that can be decoded: it may be damaged or still being written; try another file</source>
      <translation>{name} 没有可解码的画面：可能已损坏或仍在写入；请换一个文件</translation>
    </message>
    <message>
      <source>{name} holds nothing more that can be decoded</source>
      <translation>{name} 没有更多可解码的内容</translation>
    </message>
    <message>
      <source>{name} has sound but no picture: choose a video</source>
      <translation>{name} 有声音但没有画面：请选择视频</translation>
    </message>
    <message>
      <source>{where} holds no image that can be read: choose another one</source>
      <translation>{where} 没有可读的图片：请另选一个</translation>
    </message>
    <message>
      <source>there is no {name} ({device}): plug in a camera, or open a video file instead</source>
      <translation>没有 {name}（{device}）：请接入摄像头，或打开视频文件</translation>
    </message>
    <message>
      <source>there is no camera named {camera}: {hint}</source>
      <translation>没有名为 {camera} 的摄像头：{hint}</translation>
    </message>
    <message>
      <source>no permission to use {name} ({device}): add yourself to the group 'video' (sudo usermod -aG video $USER) and log in again</source>
      <translation>无权使用 {name}（{device}）：请把自己加入 'video' 组（sudo usermod -aG video $USER）并重新登录</translation>
    </message>
    <message>
      <source>{name} gives no picture: another program may be using it; close that program or choose another camera</source>
      <translation>{name} 没有画面：可能正被其他程序使用；请关闭该程序或选择其他摄像头</translation>
    </message>
    <message>
      <source>{name} cannot be opened as a video stream ({reason}): check the address, the password and that the camera is on</source>
      <translation>无法将 {name} 作为视频流打开（{reason}）：请检查地址、密码以及摄像头是否开启</translation>
    </message>
    <message>
      <source>{name} is not a stream address: give http://host/path or rtsp://host/path</source>
      <translation>{name} 不是流地址：请给出 http://host/path 或 rtsp://host/path</translation>
    </message>
    <message>
      <source>{name} sends no picture: check the address</source>
      <translation>{name} 没有发送画面：请检查地址</translation>
    </message>
    <message>
      <source>{name} does not answer ({reason}): check the address and that the camera is on</source>
      <translation>{name} 没有应答（{reason}）：请检查地址以及摄像头是否开启</translation>
    </message>
    <message>
      <source>{address} cannot be opened: addresses begin with http://, https:// or rtsp://</source>
      <translation>无法打开 {address}：地址以 http://、https:// 或 rtsp:// 开头</translation>
    </message>
    <message>
      <source>There is no CUDA device here (or a CPU build of PyTorch): choose the CPU</source>
      <translation>这里没有 CUDA 设备（或 PyTorch 是 CPU 版）：请选择 CPU</translation>
    </message>
    <message>
      <source>There is no estimator {name}: give {known}, or a file of weights</source>
      <translation>没有估计器 {name}：请给出 {known} 或权重文件</translation>
    </message>
    <message>
      <source>The weights {name} do not come with this version: use landmarks</source>
      <translation>此版本不含权重 {name}：请使用 landmarks</translation>
    </message>
    <message>
      <source>There is no hand model {name}; give {known} or the path of a MANO file, zip or folder</source>
      <translation>没有手模型 {name}；请给出 {known} 或 MANO 文件、zip 或文件夹的路径</translation>
    </message>
    <message>
      <source>the recording stopped ({reason}): make room or choose another folder; what was recorded so far is in {path}</source>
      <translation>录制已停止（{reason}）：请腾出空间或选择其他文件夹；已录制的内容在 {path}</translation>
    </message>
    <message>
      <source>{path} cannot be written ({reason}): choose another folder</source>
      <translation>无法写入 {path}（{reason}）：请选择其他文件夹</translation>
    </message>
    <message>
      <source>cannot write {path}: it is a folder; name a file in it</source>
      <translation>无法写入 {path}：它是文件夹；请指定其中的文件</translation>
    </message>
    <message>
      <source>WebSocket: cannot listen on {host} port {port} ({reason}); choose another port</source>
      <translation>WebSocket：无法监听 {host} 端口 {port}（{reason}）；请选择其他端口</translation>
    </message>
    <message>
      <source>Open3D could not create an OpenGL context for the 3D view; install libegl1 and libgl1 (Mesa) or run headless</source>
      <translation>Open3D 无法为 3D 视图创建 OpenGL 上下文；请安装 libegl1 和 libgl1（Mesa）或以无窗口方式运行</translation>
    </message>
    <message>
      <source>{path} is not a results log (its first line is no {format} header)</source>
      <translation>{path} 不是结果日志（首行没有 {format} 标头）</translation>
    </message>
    <message>
      <source>the memory limit (ulimit -v) leaves {room} MB, and a network needs {needed} MB: raise the limit</source>
      <translation>内存限制（ulimit -v）还剩 {room} MB，而网络需要 {needed} MB：请提高限制</translation>
    </message>
    <message>
      <source>{host} is no host: use a computer's name or its address, such as 192.168.1.9</source>
      <translation>{host} 不是主机：请使用计算机的名称或地址，例如 192.168.1.9</translation>
    </message>
    <message>
      <source>The hand model changed, so the recording was finished</source>
      <translation>手模型已更换，录制因此结束</translation>
    </message>
    <message>
      <source>Open a source first, then record</source>
      <translation>请先打开来源，再录制</translation>
    </message>
    <message>
      <source>Open a file first: a range of it can be recorded</source>
      <translation>请先打开文件：可以录制其中一段</translation>
    </message>
    <message>
      <source>The picture is paused, so this frame is recorded: press Space to go on</source>
      <translation>画面已暂停，因此录制这一帧：按空格键继续</translation>
    </message>
    <message>
      <source>{name} was not exported</source>
      <translation>{name} 未导出</translation>
    </message>
    <message>
      <source>Nothing is sent to {target}</source>
      <translation>没有向 {target} 发送任何内容</translation>
    </message>
    <message>
      <source>Something went wrong</source>
      <translation>出错了</translation>
    </message>
    <message>
      <source>The model could not be built</source>
      <translation>无法构建模型</translation>
    </message>
    <message>
      <source>The recording failed</source>
      <translation>录制失败</translation>
    </message>
    <message>
      <source>A file could not be completed</source>
      <translation>有文件无法完成</translation>
    </message>
    <message>
      <source>The comparison stopped</source>
      <translation>比较已停止</translation>
    </message>
    <message>
      <source>The 3D view was not recorded</source>
      <translation>3D 视图未录制</translation>
    </message>
    <message>
      <source>The 3D view stopped</source>
      <translation>3D 视图已停止</translation>
    </message>
    <message>
      <source>The export of {name} was stopped</source>
      <translation>{name} 的导出已停止</translation>
    </message>
    <message>
      <source>There is no hand in this frame to save; wait until one is found</source>
      <translation>此帧没有可保存的手；请等到找到手为止</translation>
    </message>
    <message>
      <source>There is a take called {name} already; choose another name</source>
      <translation>已有名为 {name} 的录制；请换一个名称</translation>
    </message>
    <message>
      <source>{name} is being exported: wait or cancel that first</source>
      <translation>{name} 正在导出：请等待或取消</translation>
    </message>
    <message>
      <source>{name} holds no frame: choose another take</source>
      <translation>{name} 没有画面：请选择其他录制</translation>
    </message>
    <message>
      <source>Labelling…</source>
      <translation>正在标注…</translation>
    </message>
    <message>
      <source>Getting ready: the first time takes some minutes…</source>
      <translation>准备中：第一次需要几分钟…</translation>
    </message>
    <message>
      <source>Stopping: what is done so far is kept…</source>
      <translation>正在停止：已完成的部分会保留…</translation>
    </message>
    <message>
      <source>Cancelled; the clips are kept</source>
      <translation>已取消；片段会保留</translation>
    </message>
    <message>
      <source>Done: the new weights are ready</source>
      <translation>完成：新权重已就绪</translation>
    </message>
    <message>
      <source>the network {name}</source>
      <translation>网络 {name}</translation>
    </message>
    <message>
      <source>Meshes come from the landmark estimator; no trained network is installed</source>
      <translation>网格来自关键点估计器；未安装训练好的网络</translation>
    </message>
    <message>
      <source>the landmark estimator</source>
      <translation>关键点估计器</translation>
    </message>
    <message>
      <source>the usual estimator</source>
      <translation>常用估计器</translation>
    </message>
    <message>
      <source>Meshes come from the landmark estimator</source>
      <translation>网格来自关键点估计器</translation>
    </message>
    <message>
      <source>, which is experimental</source>
      <translation>（实验性）</translation>
    </message>
    <message>
      <source>Meshes come from the network {name}</source>
      <translation>网格来自网络 {name}</translation>
    </message>
    <message>
      <source>Meshes are fitted to landmarks and the network {name}</source>
      <translation>网格由关键点和网络 {name} 拟合</translation>
    </message>
    <message>
      <source>Camera</source>
      <translation>摄像头</translation>
    </message>
    <message>
      <source>Cameras this computer has</source>
      <translation>本机的摄像头</translation>
    </message>
    <message>
      <source>Look for cameras again</source>
      <translation>重新查找摄像头</translation>
    </message>
    <message>
      <source>Start</source>
      <translation>启动</translation>
    </message>
    <message>
      <source>Open the chosen camera</source>
      <translation>打开所选摄像头</translation>
    </message>
    <message>
      <source>Resolution</source>
      <translation>分辨率</translation>
    </message>
    <message>
      <source>Picture size to ask the camera for; larger costs frames a second</source>
      <translation>向摄像头请求的画面尺寸；越大每秒帧数越少</translation>
    </message>
    <message>
      <source>Frame rate</source>
      <translation>帧率</translation>
    </message>
    <message>
      <source>Frames a second to ask the camera for</source>
      <translation>向摄像头请求的每秒帧数</translation>
    </message>
    <message>
      <source>Looking for cameras…</source>
      <translation>正在查找摄像头…</translation>
    </message>
    <message>
      <source>Plug one in and press refresh.</source>
      <translation>请插上摄像头并刷新。</translation>
    </message>
    <message>
      <source>Automatic size</source>
      <translation>自动尺寸</translation>
    </message>
    <message>
      <source>Any rate</source>
      <translation>任意帧率</translation>
    </message>
    <message>
      <source>No camera found</source>
      <translation>未找到摄像头</translation>
    </message>
    <message>
      <source>Restart</source>
      <translation>重新启动</translation>
    </message>
    <message>
      <source>{rate} fps</source>
      <translation>{rate} 帧/秒</translation>
    </message>
    <message>
      <source>Compare two estimators</source>
      <translation>比较两个估计器</translation>
    </message>
    <message>
      <source>Another estimator on the same picture, right of a line that can be dragged (W)</source>
      <translation>同一画面上的另一个估计器，位于可拖动线的右侧（W）</translation>
    </message>
    <message>
      <source>The second estimator (Shift+W for the next)</source>
      <translation>第二个估计器（Shift+W 切换下一个）</translation>
    </message>
    <message>
      <source>The second estimator</source>
      <translation>第二个估计器</translation>
    </message>
    <message>
      <source>Loading {what}…</source>
      <translation>正在加载 {what}…</translation>
    </message>
    <message>
      <source>Left of the line is the estimator of the Model page, which alone is recorded. Off: how far its joints are from the detector's landmarks.</source>
      <translation>线的左侧是“模型”页的估计器，只有它会被录制。偏差：其关节与检测器关键点的距离。</translation>
    </message>
    <message>
      <source>This computer only</source>
      <translation>仅本机</translation>
    </message>
    <message>
      <source>Everybody on my network</source>
      <translation>我网络中的所有人</translation>
    </message>
    <message>
      <source>OSC</source>
      <translation>OSC</translation>
    </message>
    <message>
      <source>OSC over UDP</source>
      <translation>基于 UDP 的 OSC</translation>
    </message>
    <message>
      <source>Send to Blender, TouchDesigner, Max and the like</source>
      <translation>发送到 Blender、TouchDesigner、Max 等</translation>
    </message>
    <message>
      <source>Avatars</source>
      <translation>虚拟形象</translation>
    </message>
    <message>
      <source>VMC</source>
      <translation>VMC</translation>
    </message>
    <message>
      <source>Move an avatar's hands in VSeeFace, VNyan, Warudo and others</source>
      <translation>在 VSeeFace、VNyan、Warudo 等中驱动虚拟形象的手</translation>
    </message>
    <message>
      <source>Rerun</source>
      <translation>Rerun</translation>
    </message>
    <message>
      <source>Rerun viewer</source>
      <translation>Rerun 查看器</translation>
    </message>
    <message>
      <source>Picture, hands and curves in a Rerun viewer</source>
      <translation>在 Rerun 查看器中显示画面、手和曲线</translation>
    </message>
    <message>
      <source>Nobody listens yet.</source>
      <translation>还没有人接收。</translation>
    </message>
    <message>
      <source>Host that {what} goes to</source>
      <translation>{what} 的目标主机</translation>
    </message>
    <message>
      <source>Name or address of the computer to send to</source>
      <translation>接收计算机的名称或地址</translation>
    </message>
    <message>
      <source>Port that {what} goes to</source>
      <translation>{what} 的目标端口</translation>
    </message>
    <message>
      <source>{frames} sent to {address}</source>
      <translation>已向 {address} 发送 {frames}</translation>
    </message>
    <message>
      <source>Show example receivers</source>
      <translation>显示接收端示例</translation>
    </message>
    <message>
      <source>A receiver for Blender and the page's source; docs/live-out.md has the schema</source>
      <translation>Blender 接收端与网页源码；格式见 docs/live-out.md</translation>
    </message>
    <message>
      <source>Browser and programs</source>
      <translation>浏览器与程序</translation>
    </message>
    <message>
      <source>Receivers</source>
      <translation>接收端</translation>
    </message>
    <message>
      <source>Serve joints and parameters, and a page that shows the hands</source>
      <translation>提供关节与参数，以及显示手的网页</translation>
    </message>
    <message>
      <source>Port of the WebSocket</source>
      <translation>WebSocket 端口</translation>
    </message>
    <message>
      <source>Who may connect</source>
      <translation>谁可以连接</translation>
    </message>
    <message>
      <source>Who may connect to the WebSocket</source>
      <translation>谁可以连接 WebSocket</translation>
    </message>
    <message>
      <source>There is no password: whoever can reach this port can watch.</source>
      <translation>没有密码：能访问此端口的人都能观看。</translation>
    </message>
    <message>
      <source>Open page</source>
      <translation>打开网页</translation>
    </message>
    <message>
      <source>Show the hands in your browser</source>
      <translation>在浏览器中显示手</translation>
    </message>
    <message>
      <source>Copy address</source>
      <translation>复制地址</translation>
    </message>
    <message>
      <source>Copy the WebSocket's address for your own program</source>
      <translation>复制 WebSocket 地址供自己的程序使用</translation>
    </message>
    <message>
      <source>, {count} skipped</source>
      <translation>，跳过 {count}</translation>
    </message>
    <message>
      <source>Port</source>
      <translation>端口</translation>
    </message>
    <message>
      <source>On {host}</source>
      <translation>在 {host} 上</translation>
    </message>
    <message>
      <source>To</source>
      <translation>到</translation>
    </message>
    <message>
      <source>and {count} more</source>
      <translation>以及另外 {count} 个</translation>
    </message>
    <message>
      <source>Automatic</source>
      <translation>自动</translation>
    </message>
    <message>
      <source>CPU</source>
      <translation>CPU</translation>
    </message>
    <message>
      <source>GPU (CUDA)</source>
      <translation>GPU (CUDA)</translation>
    </message>
    <message>
      <source>Full (float32)</source>
      <translation>全精度（float32）</translation>
    </message>
    <message>
      <source>Half (faster)</source>
      <translation>半精度（更快）</translation>
    </message>
    <message>
      <source>Start a hand from</source>
      <translation>开始跟踪阈值</translation>
    </message>
    <message>
      <source>Least score of a palm that starts a hand</source>
      <translation>开始一只手所需的最低手掌得分</translation>
    </message>
    <message>
      <source>Keep a hand from</source>
      <translation>保持跟踪阈值</translation>
    </message>
    <message>
      <source>Below this a followed hand is searched anew</source>
      <translation>低于此值则重新查找所跟踪的手</translation>
    </message>
    <message>
      <source>Follow from</source>
      <translation>跟随阈值</translation>
    </message>
    <message>
      <source>Least overlap of a hand's boxes from frame to frame</source>
      <translation>相邻帧手框的最小重叠</translation>
    </message>
    <message>
      <source>Typical error of a joint: {errors}</source>
      <translation>关节的典型误差：{errors}</translation>
    </message>
    <message>
      <source>Estimator</source>
      <translation>估计器</translation>
    </message>
    <message>
      <source>What turns landmarks and pixels into a mesh</source>
      <translation>由关键点和像素得到网格的方法</translation>
    </message>
    <message>
      <source>Automatic ({what})</source>
      <translation>自动（{what}）</translation>
    </message>
    <message>
      <source>Use a network…</source>
      <translation>使用网络…</translation>
    </message>
    <message>
      <source>Choose a network's weights: .safetensors, or a published snapshot_*.pth.tar</source>
      <translation>选择网络权重：.safetensors 或已发布的 snapshot_*.pth.tar</translation>
    </message>
    <message>
      <source>Facts about the weights</source>
      <translation>权重信息</translation>
    </message>
    <message>
      <source>Loading the model</source>
      <translation>正在加载模型</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>设备</translation>
    </message>
    <message>
      <source>Where a network runs</source>
      <translation>网络运行的位置</translation>
    </message>
    <message>
      <source>Precision</source>
      <translation>精度</translation>
    </message>
    <message>
      <source>Half precision where the machine computes with it</source>
      <translation>在支持的机器上使用半精度</translation>
    </message>
    <message>
      <source>Hand model</source>
      <translation>手部模型</translation>
    </message>
    <message>
      <source>The mesh's density; poses and shapes mean the same in each</source>
      <translation>网格密度；姿态与形状含义相同</translation>
    </message>
    <message>
      <source>Use my MANO files…</source>
      <translation>使用我的 MANO 文件…</translation>
    </message>
    <message>
      <source>Choose a MANO_RIGHT.pkl, the zip or the folder of both</source>
      <translation>选择 MANO_RIGHT.pkl、压缩包或包含两者的文件夹</translation>
    </message>
    <message>
      <source>Smoothing</source>
      <translation>平滑</translation>
    </message>
    <message>
      <source>Steadier hands against quicker response</source>
      <translation>更稳定的手与更快的响应之间的取舍</translation>
    </message>
    <message>
      <source>Motion</source>
      <translation>运动</translation>
    </message>
    <message>
      <source>Most hands</source>
      <translation>最多手数</translation>
    </message>
    <message>
      <source>How many hands are looked for</source>
      <translation>查找多少只手</translation>
    </message>
    <message>
      <source>Detector</source>
      <translation>检测器</translation>
    </message>
    <message>
      <source>Field of view</source>
      <translation>视场角</translation>
    </message>
    <message>
      <source>Horizontal field of view of the camera: sets depth and size</source>
      <translation>摄像头水平视场角：决定深度和大小</translation>
    </message>
    <message>
      <source>Calibrate with a chessboard…</source>
      <translation>用棋盘格标定…</translation>
    </message>
    <message>
      <source>Measure the lens of the open source, once per camera</source>
      <translation>测量当前来源的镜头，每台摄像头一次</translation>
    </message>
    <message>
      <source>Load calibration…</source>
      <translation>加载标定…</translation>
    </message>
    <message>
      <source>Use a calibrated camera instead of a field of view</source>
      <translation>使用已标定的摄像头代替视场角</translation>
    </message>
    <message>
      <source>Lens</source>
      <translation>镜头</translation>
    </message>
    <message>
      <source>Network weights</source>
      <translation>网络权重</translation>
    </message>
    <message>
      <source>Weights (*.safetensors *.tar *.pth);;All files (*)</source>
      <translation>权重 (*.safetensors *.tar *.pth);;所有文件 (*)</translation>
    </message>
    <message>
      <source>MANO model</source>
      <translation>MANO 模型</translation>
    </message>
    <message>
      <source>MANO (*.pkl *.zip *.npz);;All files (*)</source>
      <translation>MANO (*.pkl *.zip *.npz);;所有文件 (*)</translation>
    </message>
    <message>
      <source>Camera calibration</source>
      <translation>摄像头标定</translation>
    </message>
    <message>
      <source>Calibration (*.json *.yaml *.yml *.npz);;All files (*)</source>
      <translation>标定 (*.json *.yaml *.yml *.npz);;所有文件 (*)</translation>
    </message>
    <message>
      <source>Remove calibration</source>
      <translation>移除标定</translation>
    </message>
    <message>
      <source>Loading {what}: a large one takes a while.</source>
      <translation>正在加载 {what}：大模型需要一些时间。</translation>
    </message>
    <message>
      <source>Less</source>
      <translation>收起</translation>
    </message>
    <message>
      <source>More about these weights</source>
      <translation>更多权重信息</translation>
    </message>
    <message>
      <source>off</source>
      <translation>关</translation>
    </message>
    <message>
      <source>Until then: {note}</source>
      <translation>在此之前：{note}</translation>
    </message>
    <message>
      <source>Source</source>
      <translation>来源</translation>
    </message>
    <message>
      <source>Cameras, files and streams (Alt+1)</source>
      <translation>摄像头、文件和流（Alt+1）</translation>
    </message>
    <message>
      <source>Page: source</source>
      <translation>页面：来源</translation>
    </message>
    <message>
      <source>View</source>
      <translation>视图</translation>
    </message>
    <message>
      <source>What the views show (Alt+2)</source>
      <translation>视图显示的内容（Alt+2）</translation>
    </message>
    <message>
      <source>Page: view</source>
      <translation>页面：视图</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>模型</translation>
    </message>
    <message>
      <source>Estimator, hand model, smoothing (Alt+3)</source>
      <translation>估计器、手部模型、平滑（Alt+3）</translation>
    </message>
    <message>
      <source>Page: model</source>
      <translation>页面：模型</translation>
    </message>
    <message>
      <source>Record</source>
      <translation>录制</translation>
    </message>
    <message>
      <source>Recordings and snapshots (Alt+4)</source>
      <translation>录制与快照（Alt+4）</translation>
    </message>
    <message>
      <source>Page: record</source>
      <translation>页面：录制</translation>
    </message>
    <message>
      <source>Live</source>
      <translation>直播</translation>
    </message>
    <message>
      <source>Send hands to a browser, Blender and others (Alt+5)</source>
      <translation>将手发送到浏览器、Blender 等（Alt+5）</translation>
    </message>
    <message>
      <source>Page: live</source>
      <translation>页面：直播</translation>
    </message>
    <message>
      <source>Train</source>
      <translation>训练</translation>
    </message>
    <message>
      <source>Fine-tune the network on your hands (Alt+6)</source>
      <translation>用自己的手微调网络（Alt+6）</translation>
    </message>
    <message>
      <source>Page: train</source>
      <translation>页面：训练</translation>
    </message>
    <message>
      <source>OBJ mesh</source>
      <translation>OBJ 网格</translation>
    </message>
    <message>
      <source>PLY mesh</source>
      <translation>PLY 网格</translation>
    </message>
    <message>
      <source>Picture</source>
      <translation>图片</translation>
    </message>
    <message>
      <source>3D view: not recorded</source>
      <translation>3D 视图：不录制</translation>
    </message>
    <message>
      <source>3D view: as a video</source>
      <translation>3D 视图：录为视频</translation>
    </message>
    <message>
      <source>3D view and picture side by side</source>
      <translation>3D 视图与画面并排</translation>
    </message>
    <message>
      <source>Nothing recorded yet.</source>
      <translation>尚未录制。</translation>
    </message>
    <message>
      <source>3D view in recordings</source>
      <translation>录制中的 3D 视图</translation>
    </message>
    <message>
      <source>A video of the 3D view, as it is seen while it is on the stage, with each take</source>
      <translation>每次录制附带舞台上所见 3D 视图的视频</translation>
    </message>
    <message>
      <source>Files</source>
      <translation>文件</translation>
    </message>
    <message>
      <source>Takes</source>
      <translation>录制列表</translation>
    </message>
    <message>
      <source>Snapshot</source>
      <translation>快照</translation>
    </message>
    <message>
      <source>Choose the folder</source>
      <translation>选择文件夹</translation>
    </message>
    <message>
      <source>Recordings and pictures go to {folder}</source>
      <translation>录制与图片保存到 {folder}</translation>
    </message>
    <message>
      <source>Paused: press Space and it goes on.</source>
      <translation>已暂停：按空格继续。</translation>
    </message>
    <message>
      <source>Folder for recordings</source>
      <translation>录制文件夹</translation>
    </message>
    <message>
      <source>Save this frame as {kind}</source>
      <translation>将此帧保存为 {kind}</translation>
    </message>
    <message>
      <source>, {count} left out</source>
      <translation>，遗漏 {count}</translation>
    </message>
    <message>
      <source>Completing the files…</source>
      <translation>正在完成文件…</translation>
    </message>
    <message>
      <source>Ready.</source>
      <translation>就绪。</translation>
    </message>
    <message>
      <source>Videos, pictures and takes (*.mp4 *.mov *.mkv *.webm *.avi *.m4v *.mpg *.png *.jpg *.jpeg *.bmp *.webp *.jsonl *.npz);;All files (*)</source>
      <translation>视频、图片和录制 (*.mp4 *.mov *.mkv *.webm *.avi *.m4v *.mpg *.png *.jpg *.jpeg *.bmp *.webp *.jsonl *.npz);;所有文件 (*)</translation>
    </message>
    <message>
      <source>{name} and {count} more</source>
      <translation>{name} 及另外 {count} 个</translation>
    </message>
    <message>
      <source>Camera {name}</source>
      <translation>摄像头 {name}</translation>
    </message>
    <message>
      <source>Nothing open</source>
      <translation>未打开任何来源</translation>
    </message>
    <message>
      <source>Open a camera, a file or a stream.</source>
      <translation>请打开摄像头、文件或流。</translation>
    </message>
    <message>
      <source>Mirror picture (selfie view)</source>
      <translation>镜像画面（自拍）</translation>
    </message>
    <message>
      <source>Flips the picture on screen, never the data (M)</source>
      <translation>只翻转屏幕上的画面，不改变数据（M）</translation>
    </message>
    <message>
      <source>Open file…</source>
      <translation>打开文件…</translation>
    </message>
    <message>
      <source>Open a video or picture (Ctrl+O), or drop it on the window</source>
      <translation>打开视频或图片（Ctrl+O），或拖到窗口上</translation>
    </message>
    <message>
      <source>Image folder…</source>
      <translation>图片文件夹…</translation>
    </message>
    <message>
      <source>Look through a folder of pictures (Ctrl+Shift+O)</source>
      <translation>浏览图片文件夹（Ctrl+Shift+O）</translation>
    </message>
    <message>
      <source>Bundled clip</source>
      <translation>自带短片</translation>
    </message>
    <message>
      <source>Open the clip that comes with the app</source>
      <translation>打开应用自带的短片</translation>
    </message>
    <message>
      <source>http:// or rtsp:// address</source>
      <translation>http:// 或 rtsp:// 地址</translation>
    </message>
    <message>
      <source>Stream address</source>
      <translation>流地址</translation>
    </message>
    <message>
      <source>Connect</source>
      <translation>连接</translation>
    </message>
    <message>
      <source>Open the stream</source>
      <translation>打开流</translation>
    </message>
    <message>
      <source>Recent sources</source>
      <translation>最近的来源</translation>
    </message>
    <message>
      <source>Clear list</source>
      <translation>清空列表</translation>
    </message>
    <message>
      <source>Open now</source>
      <translation>当前来源</translation>
    </message>
    <message>
      <source>File</source>
      <translation>文件</translation>
    </message>
    <message>
      <source>Stream</source>
      <translation>流</translation>
    </message>
    <message>
      <source>Recent</source>
      <translation>最近</translation>
    </message>
    <message>
      <source>Open a video, a picture or a take</source>
      <translation>打开视频、图片或录制</translation>
    </message>
    <message>
      <source>Open a folder of pictures</source>
      <translation>打开图片文件夹</translation>
    </message>
    <message>
      <source>picture</source>
      <translation>张图片</translation>
    </message>
    <message>
      <source>pictures</source>
      <translation>张图片</translation>
    </message>
    <message>
      <source>Nothing yet</source>
      <translation>暂无</translation>
    </message>
    <message>
      <source>{rate} frames/s</source>
      <translation>{rate} 帧/秒</translation>
    </message>
    <message>
      <source>MB</source>
      <translation>MB</translation>
    </message>
    <message>
      <source>Play this take</source>
      <translation>播放此录制</translation>
    </message>
    <message>
      <source>Play the video of this take and find its hands anew</source>
      <translation>播放此录制的视频并重新检测手</translation>
    </message>
    <message>
      <source>Replay the hands as they were recorded, without computing them</source>
      <translation>按录制内容重放手，不重新计算</translation>
    </message>
    <message>
      <source>Show in folder</source>
      <translation>在文件夹中显示</translation>
    </message>
    <message>
      <source>Rename this take</source>
      <translation>重命名此录制</translation>
    </message>
    <message>
      <source>Delete this take (Del)</source>
      <translation>删除此录制（Del）</translation>
    </message>
    <message>
      <source>Export…</source>
      <translation>导出…</translation>
    </message>
    <message>
      <source>Make other formats of this take</source>
      <translation>由此录制生成其他格式</translation>
    </message>
    <message>
      <source>Export</source>
      <translation>导出</translation>
    </message>
    <message>
      <source>Stop the export</source>
      <translation>停止导出</translation>
    </message>
    <message>
      <source>All of these</source>
      <translation>全部格式</translation>
    </message>
    <message>
      <source>Undo: bring {name} back</source>
      <translation>撤销：恢复 {name}</translation>
    </message>
    <message>
      <source>Rename a take</source>
      <translation>重命名录制</translation>
    </message>
    <message>
      <source>Name of all its files:</source>
      <translation>其所有文件的名称：</translation>
    </message>
    <message>
      <source>Your takes appear here</source>
      <translation>录制会显示在这里</translation>
    </message>
    <message>
      <source>Replay the hands</source>
      <translation>重放手</translation>
    </message>
    <message>
      <source>Play the video</source>
      <translation>播放视频</translation>
    </message>
    <message>
      <source>Rename…</source>
      <translation>重命名…</translation>
    </message>
    <message>
      <source>Delete</source>
      <translation>删除</translation>
    </message>
    <message>
      <source>Record a clip of your hands from the open source</source>
      <translation>从当前来源录制一段手部短片</translation>
    </message>
    <message>
      <source>Complete this clip</source>
      <translation>完成此短片</translation>
    </message>
    <message>
      <source>Remove all clips</source>
      <translation>删除所有短片</translation>
    </message>
    <message>
      <source>Training time</source>
      <translation>训练时长</translation>
    </message>
    <message>
      <source>Longer fits your hands better, up to a point</source>
      <translation>在一定限度内，越久越贴合你的手</translation>
    </message>
    <message>
      <source>Label and train</source>
      <translation>标注并训练</translation>
    </message>
    <message>
      <source>Runs in a process of its own; the picture goes on</source>
      <translation>在独立进程中运行；画面继续</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>取消</translation>
    </message>
    <message>
      <source>Stop; the clips and labels are kept</source>
      <translation>停止；短片和标注会保留</translation>
    </message>
    <message>
      <source>Progress</source>
      <translation>进度</translation>
    </message>
    <message>
      <source>Before and after are compared here.</source>
      <translation>训练前后的结果在此比较。</translation>
    </message>
    <message>
      <source>Use the new weights</source>
      <translation>使用新权重</translation>
    </message>
    <message>
      <source>Switch to them now; the Model panel switches back</source>
      <translation>立即切换；可在“模型”页切回</translation>
    </message>
    <message>
      <source>Your hands</source>
      <translation>你的手</translation>
    </message>
    <message>
      <source>Fine-tune</source>
      <translation>微调</translation>
    </message>
    <message>
      <source>Result</source>
      <translation>结果</translation>
    </message>
    <message>
      <source>Delete all clips recorded for training, and their labels?</source>
      <translation>删除为训练录制的所有短片及其标注吗？</translation>
    </message>
    <message>
      <source>clip</source>
      <translation>段短片</translation>
    </message>
    <message>
      <source>clips</source>
      <translation>段短片</translation>
    </message>
    <message>
      <source>No clip yet</source>
      <translation>还没有短片</translation>
    </message>
    <message>
      <source>{count} min</source>
      <translation>{count} 分钟</translation>
    </message>
    <message>
      <source>Record a minute or two of your hands in many poses and places. Nothing leaves this computer.</source>
      <translation>录制一两分钟各种姿势和位置的手。任何内容都不会离开本机。</translation>
    </message>
    <message>
      <source>Recording {time}</source>
      <translation>正在录制 {time}</translation>
    </message>
    <message>
      <source>Back to the start (Home)</source>
      <translation>回到开头（Home）</translation>
    </message>
    <message>
      <source>One frame back (,)</source>
      <translation>后退一帧（,）</translation>
    </message>
    <message>
      <source>Play or pause (Space)</source>
      <translation>播放或暂停（空格）</translation>
    </message>
    <message>
      <source>One frame on (.)</source>
      <translation>前进一帧（.）</translation>
    </message>
    <message>
      <source>Number of this frame; Ctrl+G goes to another</source>
      <translation>当前帧编号；Ctrl+G 跳转</translation>
    </message>
    <message>
      <source>Seek (Left and Right arrows: one second)</source>
      <translation>定位（左右方向键：一秒）</translation>
    </message>
    <message>
      <source>Position</source>
      <translation>位置</translation>
    </message>
    <message>
      <source>Loop (L)</source>
      <translation>循环（L）</translation>
    </message>
    <message>
      <source>Playback speed</source>
      <translation>播放速度</translation>
    </message>
    <message>
      <source>one picture</source>
      <translation>一张图片</translation>
    </message>
    <message>
      <source>one second</source>
      <translation>一秒</translation>
    </message>
    <message>
      <source>Seek (Left and Right arrows: {step})</source>
      <translation>定位（左右方向键：{step}）</translation>
    </message>
    <message>
      <source>One picture back (,)</source>
      <translation>后退一张（,）</translation>
    </message>
    <message>
      <source>One picture on (.)</source>
      <translation>前进一张（.）</translation>
    </message>
    <message>
      <source>Pause</source>
      <translation>暂停</translation>
    </message>
    <message>
      <source>Play</source>
      <translation>播放</translation>
    </message>
    <message>
      <source>live</source>
      <translation>直播</translation>
    </message>
    <message>
      <source>Skin or another material</source>
      <translation>皮肤或其他材质</translation>
    </message>
    <message>
      <source>Shaded</source>
      <translation>着色</translation>
    </message>
    <message>
      <source>Wireframe</source>
      <translation>线框</translation>
    </message>
    <message>
      <source>Normals</source>
      <translation>法线</translation>
    </message>
    <message>
      <source>Skin</source>
      <translation>皮肤</translation>
    </message>
    <message>
      <source>Clay</source>
      <translation>黏土</translation>
    </message>
    <message>
      <source>Glass</source>
      <translation>玻璃</translation>
    </message>
    <message>
      <source>Heat: blue is sure, red is not</source>
      <translation>热度：蓝色确定，红色不确定</translation>
    </message>
    <message>
      <source>Tone of the picture</source>
      <translation>画面中的肤色</translation>
    </message>
    <message>
      <source>Tone of the texture</source>
      <translation>纹理的肤色</translation>
    </message>
    <message>
      <source>Light</source>
      <translation>浅色</translation>
    </message>
    <message>
      <source>Medium</source>
      <translation>中等</translation>
    </message>
    <message>
      <source>Tan</source>
      <translation>小麦色</translation>
    </message>
    <message>
      <source>Brown</source>
      <translation>棕色</translation>
    </message>
    <message>
      <source>Dark</source>
      <translation>深色</translation>
    </message>
    <message>
      <source>No map</source>
      <translation>无图</translation>
    </message>
    <message>
      <source>Heatmaps of the joints</source>
      <translation>关节热图</translation>
    </message>
    <message>
      <source>Before attention (S3C)</source>
      <translation>注意力之前（S3C）</translation>
    </message>
    <message>
      <source>After attention (S3C)</source>
      <translation>注意力之后（S3C）</translation>
    </message>
    <message>
      <source>Spatial branch of attention</source>
      <translation>注意力的空间分支</translation>
    </message>
    <message>
      <source>Channel branch of attention</source>
      <translation>注意力的通道分支</translation>
    </message>
    <message>
      <source>Before, after, difference</source>
      <translation>之前、之后、差异</translation>
    </message>
    <message>
      <source>From where the camera is (Ctrl+1)</source>
      <translation>从摄像头处（Ctrl+1）</translation>
    </message>
    <message>
      <source>Front</source>
      <translation>正面</translation>
    </message>
    <message>
      <source>As the camera, but near (Ctrl+2)</source>
      <translation>同摄像头方向但更近（Ctrl+2）</translation>
    </message>
    <message>
      <source>Palm</source>
      <translation>掌心</translation>
    </message>
    <message>
      <source>Square on the palm (Ctrl+3)</source>
      <translation>正对手掌（Ctrl+3）</translation>
    </message>
    <message>
      <source>Side</source>
      <translation>侧面</translation>
    </message>
    <message>
      <source>From the side (Ctrl+4)</source>
      <translation>从侧面（Ctrl+4）</translation>
    </message>
    <message>
      <source>Top</source>
      <translation>顶部</translation>
    </message>
    <message>
      <source>From above (Ctrl+5)</source>
      <translation>从上方（Ctrl+5）</translation>
    </message>
    <message>
      <source>The estimator is still loading.</source>
      <translation>估计器仍在加载。</translation>
    </message>
    <message>
      <source>The landmark estimator runs no network, so it has no maps: choose a network in the Model panel.</source>
      <translation>关键点估计器不运行网络，因此没有图：请在“模型”页选择网络。</translation>
    </message>
    <message>
      <source>This network has no such module: choose HandS3C in the Model panel.</source>
      <translation>此网络没有该模块：请在“模型”页选择 HandS3C。</translation>
    </message>
    <message>
      <source>Map of the network over the picture (5 to 9)</source>
      <translation>叠加在画面上的网络图（5 至 9）</translation>
    </message>
    <message>
      <source>Style of the mesh on the picture (S)</source>
      <translation>画面上网格的样式（S）</translation>
    </message>
    <message>
      <source>Opacity</source>
      <translation>不透明度</translation>
    </message>
    <message>
      <source>Camera picture</source>
      <translation>摄像头画面</translation>
    </message>
    <message>
      <source>What hands are made of, in both views (Shift+M)</source>
      <translation>两个视图中手的材质（Shift+M）</translation>
    </message>
    <message>
      <source>Tone of the skin, in both views (Shift+T)</source>
      <translation>两个视图中的肤色（Shift+T）</translation>
    </message>
    <message>
      <source>Hands</source>
      <translation>手</translation>
    </message>
    <message>
      <source>Comparison</source>
      <translation>比较</translation>
    </message>
    <message>
      <source>Map of the network over the picture</source>
      <translation>叠加在画面上的网络图</translation>
    </message>
    <message>
      <source>Joint whose heatmap is shown</source>
      <translation>显示其热图的关节</translation>
    </message>
    <message>
      <source>Opacity of the map</source>
      <translation>图的不透明度</translation>
    </message>
    <message>
      <source>What the network sees</source>
      <translation>网络所见</translation>
    </message>
    <message>
      <source>Style of the mesh in the 3D view</source>
      <translation>3D 视图中网格的样式</translation>
    </message>
    <message>
      <source>Reset</source>
      <translation>重置</translation>
    </message>
    <message>
      <source>Back to the first view (R)</source>
      <translation>回到最初视角（R）</translation>
    </message>
    <message>
      <source>Save 3D picture</source>
      <translation>保存 3D 图片</translation>
    </message>
    <message>
      <source>Write the 3D view to a PNG in the folder of recordings (Ctrl+Shift+P)</source>
      <translation>将 3D 视图以 PNG 写入录制文件夹（Ctrl+Shift+P）</translation>
    </message>
    <message>
      <source>3D view</source>
      <translation>3D 视图</translation>
    </message>
    <message>
      <source>Drag to orbit, right-drag or Shift-drag to pan, wheel to zoom. Click a joint in either view to keep its name, place and angles.</source>
      <translation>拖动旋转，右键或 Shift 拖动平移，滚轮缩放。点击任一视图中的关节可保留其名称、位置和角度。</translation>
    </message>
    <message>
      <source>All joints</source>
      <translation>所有关节</translation>
    </message>
    <message>
      <source>hand</source>
      <translation>只手</translation>
    </message>
    <message>
      <source>hands</source>
      <translation>只手</translation>
    </message>
    <message>
      <source>Recording</source>
      <translation>录制</translation>
    </message>
    <message>
      <source>Dismiss</source>
      <translation>关闭</translation>
    </message>
    <message>
      <source>No hand found</source>
      <translation>未找到手</translation>
    </message>
    <message>
      <source>Loading the hand model…</source>
      <translation>正在加载手部模型…</translation>
    </message>
    <message>
      <source>Camera · mirrored</source>
      <translation>摄像头 · 镜像</translation>
    </message>
    <message>
      <source>{name} · mirrored</source>
      <translation>{name} · 镜像</translation>
    </message>
    <message>
      <source>Start recording (Ctrl+R)</source>
      <translation>开始录制（Ctrl+R）</translation>
    </message>
    <message>
      <source>Stop recording (Ctrl+R)</source>
      <translation>停止录制（Ctrl+R）</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>停止</translation>
    </message>
    <message>
      <source>Fold away</source>
      <translation>收起</translation>
    </message>
    <message>
      <source>Show</source>
      <translation>展开</translation>
    </message>
    <message>
      <source>What the curves show</source>
      <translation>曲线显示的内容</translation>
    </message>
    <message>
      <source>Save…</source>
      <translation>保存…</translation>
    </message>
    <message>
      <source>All curves as CSV, or this plot as PNG</source>
      <translation>全部曲线存为 CSV，或此图存为 PNG</translation>
    </message>
    <message>
      <source>Save the curves</source>
      <translation>保存曲线</translation>
    </message>
    <message>
      <source>CSV (*.csv);;Picture (*.png)</source>
      <translation>CSV (*.csv);;图片 (*.png)</translation>
    </message>
    <message>
      <source>Pictures</source>
      <translation>图片</translation>
    </message>
    <message>
      <source>Milliseconds by stage</source>
      <translation>各阶段毫秒数</translation>
    </message>
    <message>
      <source>Median time from a frame's arrival to its display</source>
      <translation>从帧到达到显示的中位时间</translation>
    </message>
    <message>
      <source>Frames of the source that were skipped to keep up</source>
      <translation>为跟上速度而跳过的帧</translation>
    </message>
    <message>
      <source>landmark fallback</source>
      <translation>关键点替补</translation>
    </message>
    <message>
      <source>The network's joints are far from where the detector sees them, so these hands come
from the landmark estimator until the network agrees again.</source>
      <translation>网络的关节与检测器所见相差很大，因此这些手
来自关键点估计器，直到网络重新一致。</translation>
    </message>
    <message>
      <source>Hands come from the landmark estimator</source>
      <translation>手来自关键点估计器</translation>
    </message>
    <message>
      <source>{count} dropped</source>
      <translation>丢弃 {count}</translation>
    </message>
    <message>
      <source>– fps</source>
      <translation>– 帧/秒</translation>
    </message>
    <message>
      <source>– ms</source>
      <translation>– ms</translation>
    </message>
    <message>
      <source>latency {time} ms</source>
      <translation>延迟 {time} ms</translation>
    </message>
    <message>
      <source>latency –</source>
      <translation>延迟 –</translation>
    </message>
    <message>
      <source>– MB</source>
      <translation>– MB</translation>
    </message>
    <message>
      <source>On the GPU: {size} MB</source>
      <translation>GPU 上：{size} MB</translation>
    </message>
    <message>
      <source>Memory of the whole app</source>
      <translation>整个应用占用的内存</translation>
    </message>
    <message>
      <source>The strip's full width is 33 ms (30 frames/s).</source>
      <translation>条带的总宽度为 33 ms（30 帧/秒）。</translation>
    </message>
    <message>
      <source>right</source>
      <translation>右</translation>
    </message>
    <message>
      <source>left</source>
      <translation>左</translation>
    </message>
    <message>
      <source>Loss over minutes</source>
      <translation>损失随分钟变化</translation>
    </message>
    <message>
      <source>The loss appears here</source>
      <translation>损失会显示在这里</translation>
    </message>
    <message>
      <source>Drag to divide, double-click to fit the picture</source>
      <translation>拖动以分配空间，双击以适应画面</translation>
    </message>
    <message>
      <source>The 3D view is not available on this machine.</source>
      <translation>此机器上无法使用 3D 视图。</translation>
    </message>
    <message>
      <source>{px} px ({share} %) off</source>
      <translation>偏差 {px} px（{share} %）</translation>
    </message>
    <message>
      <source>confidence {value}</source>
      <translation>置信度 {value}</translation>
    </message>
    <message>
      <source>{count} of {all} by landmarks</source>
      <translation>{all} 只中 {count} 只来自关键点</translation>
    </message>
    <message>
      <source>{px} px apart</source>
      <translation>相距 {px} px</translation>
    </message>
    <message>
      <source>&amp;Undo</source>
      <translation>撤销(&amp;U)</translation>
    </message>
    <message>
      <source>&amp;Redo</source>
      <translation>重做(&amp;R)</translation>
    </message>
    <message>
      <source>&amp;File</source>
      <translation>文件(&amp;F)</translation>
    </message>
    <message>
      <source>&amp;Open file…</source>
      <translation>打开文件(&amp;O)…</translation>
    </message>
    <message>
      <source>Open image &amp;folder…</source>
      <translation>打开图片文件夹(&amp;F)…</translation>
    </message>
    <message>
      <source>Open &amp;stream…</source>
      <translation>打开流(&amp;S)…</translation>
    </message>
    <message>
      <source>Open the &amp;bundled clip</source>
      <translation>打开自带短片(&amp;B)</translation>
    </message>
    <message>
      <source>Save &amp;picture…</source>
      <translation>保存图片(&amp;P)…</translation>
    </message>
    <message>
      <source>Save meshes as OB&amp;J…</source>
      <translation>网格另存为 OBJ(&amp;J)…</translation>
    </message>
    <message>
      <source>Save meshes as P&amp;LY…</source>
      <translation>网格另存为 PLY(&amp;L)…</translation>
    </message>
    <message>
      <source>&amp;Quit</source>
      <translation>退出(&amp;Q)</translation>
    </message>
    <message>
      <source>&amp;Playback</source>
      <translation>播放(&amp;P)</translation>
    </message>
    <message>
      <source>&amp;Play or pause</source>
      <translation>播放或暂停(&amp;P)</translation>
    </message>
    <message>
      <source>One frame &amp;on</source>
      <translation>前进一帧(&amp;O)</translation>
    </message>
    <message>
      <source>One frame &amp;back</source>
      <translation>后退一帧(&amp;B)</translation>
    </message>
    <message>
      <source>One second on</source>
      <translation>前进一秒</translation>
    </message>
    <message>
      <source>One second back</source>
      <translation>后退一秒</translation>
    </message>
    <message>
      <source>Back to the &amp;start</source>
      <translation>回到开头(&amp;S)</translation>
    </message>
    <message>
      <source>To the en&amp;d</source>
      <translation>到结尾(&amp;D)</translation>
    </message>
    <message>
      <source>&amp;Go to frame…</source>
      <translation>跳转到帧(&amp;G)…</translation>
    </message>
    <message>
      <source>&amp;In point here</source>
      <translation>在此设入点(&amp;I)</translation>
    </message>
    <message>
      <source>O&amp;ut point here</source>
      <translation>在此设出点(&amp;U)</translation>
    </message>
    <message>
      <source>&amp;Clear in and out</source>
      <translation>清除入点和出点(&amp;C)</translation>
    </message>
    <message>
      <source>Record from in &amp;to out</source>
      <translation>录制入点到出点(&amp;T)</translation>
    </message>
    <message>
      <source>&amp;Loop</source>
      <translation>循环(&amp;L)</translation>
    </message>
    <message>
      <source>&amp;Faster</source>
      <translation>加快(&amp;F)</translation>
    </message>
    <message>
      <source>Slo&amp;wer</source>
      <translation>减慢(&amp;W)</translation>
    </message>
    <message>
      <source>&amp;Record</source>
      <translation>录制(&amp;R)</translation>
    </message>
    <message>
      <source>&amp;Edit</source>
      <translation>编辑(&amp;E)</translation>
    </message>
    <message>
      <source>&amp;Copy the picture</source>
      <translation>复制画面(&amp;C)</translation>
    </message>
    <message>
      <source>Copy the &amp;3D view</source>
      <translation>复制 3D 视图(&amp;3)</translation>
    </message>
    <message>
      <source>&amp;View</source>
      <translation>视图(&amp;V)</translation>
    </message>
    <message>
      <source>Side by side</source>
      <translation>并排</translation>
    </message>
    <message>
      <source>Camera alone</source>
      <translation>仅摄像头</translation>
    </message>
    <message>
      <source>3D view alone</source>
      <translation>仅 3D 视图</translation>
    </message>
    <message>
      <source>Picture in picture</source>
      <translation>画中画</translation>
    </message>
    <message>
      <source>&amp;Enlarge the picture</source>
      <translation>放大画面(&amp;E)</translation>
    </message>
    <message>
      <source>Re&amp;duce the picture</source>
      <translation>缩小画面(&amp;D)</translation>
    </message>
    <message>
      <source>W&amp;hole picture</source>
      <translation>完整画面(&amp;H)</translation>
    </message>
    <message>
      <source>Com&amp;pare two estimators</source>
      <translation>比较两个估计器(&amp;P)</translation>
    </message>
    <message>
      <source>Compare with the next esti&amp;mator</source>
      <translation>与下一个估计器比较(&amp;M)</translation>
    </message>
    <message>
      <source>Wipe to the left</source>
      <translation>分界线向左</translation>
    </message>
    <message>
      <source>Wipe to the right</source>
      <translation>分界线向右</translation>
    </message>
    <message>
      <source>Side&amp;bar</source>
      <translation>侧栏(&amp;B)</translation>
    </message>
    <message>
      <source>&amp;Full screen</source>
      <translation>全屏(&amp;F)</translation>
    </message>
    <message>
      <source>&amp;Overlay</source>
      <translation>叠加(&amp;O)</translation>
    </message>
    <message>
      <source>Next s&amp;tyle of the mesh</source>
      <translation>下一种网格样式(&amp;T)</translation>
    </message>
    <message>
      <source>Next mate&amp;rial of the hands</source>
      <translation>下一种手的材质(&amp;R)</translation>
    </message>
    <message>
      <source>Next t&amp;one of the skin</source>
      <translation>下一种肤色(&amp;O)</translation>
    </message>
    <message>
      <source>Map: h&amp;eatmaps of the joints</source>
      <translation>图：关节热图(&amp;E)</translation>
    </message>
    <message>
      <source>Map: be&amp;fore attention (S3C)</source>
      <translation>图：注意力之前（S3C）(&amp;F)</translation>
    </message>
    <message>
      <source>Map: &amp;after attention (S3C)</source>
      <translation>图：注意力之后（S3C）(&amp;A)</translation>
    </message>
    <message>
      <source>Map: s&amp;patial branch</source>
      <translation>图：空间分支(&amp;P)</translation>
    </message>
    <message>
      <source>Map: &amp;channel branch</source>
      <translation>图：通道分支(&amp;C)</translation>
    </message>
    <message>
      <source>Map: before, after and &amp;difference</source>
      <translation>图：之前、之后与差异(&amp;D)</translation>
    </message>
    <message>
      <source>Next st&amp;yle of the mesh</source>
      <translation>下一种网格样式(&amp;Y)</translation>
    </message>
    <message>
      <source>From the camera</source>
      <translation>从摄像头处</translation>
    </message>
    <message>
      <source>From the front</source>
      <translation>从正面</translation>
    </message>
    <message>
      <source>On the palm</source>
      <translation>正对手掌</translation>
    </message>
    <message>
      <source>From the side</source>
      <translation>从侧面</translation>
    </message>
    <message>
      <source>From above</source>
      <translation>从上方</translation>
    </message>
    <message>
      <source>&amp;Reset the view</source>
      <translation>重置视角(&amp;R)</translation>
    </message>
    <message>
      <source>Save as &amp;picture</source>
      <translation>保存为图片(&amp;P)</translation>
    </message>
    <message>
      <source>Save in a size, transp&amp;arent…</source>
      <translation>按尺寸保存、透明(&amp;A)…</translation>
    </message>
    <message>
      <source>Save a t&amp;urntable video</source>
      <translation>保存旋转视频(&amp;U)</translation>
    </message>
    <message>
      <source>&amp;Settings</source>
      <translation>设置(&amp;S)</translation>
    </message>
    <message>
      <source>&amp;Calibrate the lens…</source>
      <translation>标定镜头(&amp;C)…</translation>
    </message>
    <message>
      <source>Theme of the s&amp;ystem</source>
      <translation>系统主题(&amp;Y)</translation>
    </message>
    <message>
      <source>&amp;Light theme</source>
      <translation>浅色主题(&amp;L)</translation>
    </message>
    <message>
      <source>&amp;Dark theme</source>
      <translation>深色主题(&amp;D)</translation>
    </message>
    <message>
      <source>La&amp;nguage of the system</source>
      <translation>系统语言(&amp;N)</translation>
    </message>
    <message>
      <source>&amp;Reset all settings…</source>
      <translation>重置所有设置(&amp;R)…</translation>
    </message>
    <message>
      <source>&amp;Help</source>
      <translation>帮助(&amp;H)</translation>
    </message>
    <message>
      <source>&amp;Keyboard and mouse</source>
      <translation>键盘和鼠标(&amp;K)</translation>
    </message>
    <message>
      <source>&amp;Log…</source>
      <translation>日志(&amp;L)…</translation>
    </message>
    <message>
      <source>&amp;About HandS3C Live</source>
      <translation>关于 HandS3C Live(&amp;A)</translation>
    </message>
    <message>
      <source>Drag</source>
      <translation>拖动</translation>
    </message>
    <message>
      <source>Orbit the 3D view; move an enlarged picture</source>
      <translation>旋转 3D 视图；移动放大的画面</translation>
    </message>
    <message>
      <source>Right-drag, Shift-drag</source>
      <translation>右键拖动、Shift 拖动</translation>
    </message>
    <message>
      <source>Pan the 3D view</source>
      <translation>平移 3D 视图</translation>
    </message>
    <message>
      <source>Drag the line</source>
      <translation>拖动分界线</translation>
    </message>
    <message>
      <source>Compare two estimators: more of the one or the other</source>
      <translation>比较两个估计器：多看其中一个</translation>
    </message>
    <message>
      <source>Drag the border</source>
      <translation>拖动边界</translation>
    </message>
    <message>
      <source>Divide the views; a double click fits the picture</source>
      <translation>分配两个视图的空间；双击适应画面</translation>
    </message>
    <message>
      <source>Wheel, pinch</source>
      <translation>滚轮、双指</translation>
    </message>
    <message>
      <source>Zoom the picture or the 3D view</source>
      <translation>缩放画面或 3D 视图</translation>
    </message>
    <message>
      <source>Double-click</source>
      <translation>双击</translation>
    </message>
    <message>
      <source>3D view: reset, picture: full screen</source>
      <translation>3D 视图：重置；画面：全屏</translation>
    </message>
    <message>
      <source>Drop a file</source>
      <translation>拖放文件</translation>
    </message>
    <message>
      <source>Open it</source>
      <translation>打开它</translation>
    </message>
    <message>
      <source>Point at a joint</source>
      <translation>指向关节</translation>
    </message>
    <message>
      <source>Its name, position and angles</source>
      <translation>其名称、位置和角度</translation>
    </message>
    <message>
      <source>Click a joint</source>
      <translation>点击关节</translation>
    </message>
    <message>
      <source>Keep them in view</source>
      <translation>使其保持显示</translation>
    </message>
    <message>
      <source>Leave full screen</source>
      <translation>退出全屏</translation>
    </message>
    <message>
      <source>Mouse</source>
      <translation>鼠标</translation>
    </message>
    <message>
      <source>Side by side (F1)</source>
      <translation>并排（F1）</translation>
    </message>
    <message>
      <source>Camera alone (F2)</source>
      <translation>仅摄像头（F2）</translation>
    </message>
    <message>
      <source>3D view alone (F3)</source>
      <translation>仅 3D 视图（F3）</translation>
    </message>
    <message>
      <source>Picture in picture (F4)</source>
      <translation>画中画（F4）</translation>
    </message>
    <message>
      <source>Open a file (Ctrl+O)</source>
      <translation>打开文件（Ctrl+O）</translation>
    </message>
    <message>
      <source>Mirror the picture, selfie view (M)</source>
      <translation>镜像画面，自拍视图（M）</translation>
    </message>
    <message>
      <source>Save this picture (Ctrl+P)</source>
      <translation>保存此画面（Ctrl+P）</translation>
    </message>
    <message>
      <source>Sidebar (Ctrl+B)</source>
      <translation>侧栏（Ctrl+B）</translation>
    </message>
    <message>
      <source>Open</source>
      <translation>打开</translation>
    </message>
    <message>
      <source>These meshes come from the landmark estimator: the network disagrees with the detector</source>
      <translation>这些网格来自关键点估计器：网络与检测器不一致</translation>
    </message>
    <message>
      <source>One of these meshes comes from the landmark estimator: the network disagrees with the detector</source>
      <translation>其中一个网格来自关键点估计器：网络与检测器不一致</translation>
    </message>
    <message>
      <source>Hands as they were recorded in {name}</source>
      <translation>{name} 中录制的手</translation>
    </message>
    <message>
      <source>the hand model</source>
      <translation>手部模型</translation>
    </message>
    <message>
      <source>The hands appear here.</source>
      <translation>手会显示在这里。</translation>
    </message>
    <message>
      <source>Using the calibration of {name}.</source>
      <translation>正在使用 {name} 的标定。</translation>
    </message>
    <message>
      <source>Hold the printed chessboard so that all of it is in the picture.</source>
      <translation>请手持打印的棋盘格，使其完全进入画面。</translation>
    </message>
    <message>
      <source>Now hold it still.</source>
      <translation>现在保持不动。</translation>
    </message>
    <message>
      <source>Show it in another place, or tilt it.</source>
      <translation>请换个位置，或倾斜它。</translation>
    </message>
    <message>
      <source>Captured.</source>
      <translation>已采集。</translation>
    </message>
    <message>
      <source>Calibrate with a chessboard</source>
      <translation>用棋盘格标定</translation>
    </message>
    <message>
      <source>Live picture with the corners found</source>
      <translation>带有所找到角点的实时画面</translation>
    </message>
    <message>
      <source>Inner corners across</source>
      <translation>横向内角点数</translation>
    </message>
    <message>
      <source>Inner corners down</source>
      <translation>纵向内角点数</translation>
    </message>
    <message>
      <source>Side of a square</source>
      <translation>方格边长</translation>
    </message>
    <message>
      <source>Save a board to print…</source>
      <translation>保存可打印的棋盘…</translation>
    </message>
    <message>
      <source>An SVG of this board in its true size, to glue to something flat</source>
      <translation>此棋盘的原尺寸 SVG，可贴在平面上</translation>
    </message>
    <message>
      <source>%v of %m views</source>
      <translation>%v / %m 个视图</translation>
    </message>
    <message>
      <source>Views captured</source>
      <translation>已采集的视图</translation>
    </message>
    <message>
      <source>The board has been nowhere yet.</source>
      <translation>棋盘尚未出现。</translation>
    </message>
    <message>
      <source>Capture now</source>
      <translation>立即采集</translation>
    </message>
    <message>
      <source>Keep the board as it is seen now</source>
      <translation>保留当前所见的棋盘</translation>
    </message>
    <message>
      <source>Start over</source>
      <translation>重新开始</translation>
    </message>
    <message>
      <source>Solve</source>
      <translation>求解</translation>
    </message>
    <message>
      <source>From {least} views on; {good} are better</source>
      <translation>至少 {least} 个视图；{good} 个更好</translation>
    </message>
    <message>
      <source>Outcome</source>
      <translation>结果</translation>
    </message>
    <message>
      <source>Use for this camera</source>
      <translation>用于此摄像头</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>关闭</translation>
    </message>
    <message>
      <source>Solving…</source>
      <translation>正在求解…</translation>
    </message>
    <message>
      <source>Save a board to print</source>
      <translation>保存可打印的棋盘</translation>
    </message>
    <message>
      <source>Picture (*.svg)</source>
      <translation>图片 (*.svg)</translation>
    </message>
    <message>
      <source>Count the corners where four squares meet. Show it near every edge, and tilted.</source>
      <translation>数一数四个方格相交的角点。请在每个边缘附近展示，并倾斜。</translation>
    </message>
    <message>
      <source>The board has covered {share} % of the picture.</source>
      <translation>棋盘已覆盖画面的 {share} %。</translation>
    </message>
    <message>
      <source>Focal length {focal} px, a field of view of {fov}°. The corners are off by {error} px over {views}.</source>
      <translation>焦距 {focal} px，视场角 {fov}°。角点误差 {error} px，共 {views}。</translation>
    </message>
    <message>
      <source>view</source>
      <translation>个视图</translation>
    </message>
    <message>
      <source>views</source>
      <translation>个视图</translation>
    </message>
    <message>
      <source>Picture (*.png)</source>
      <translation>图片 (*.png)</translation>
    </message>
    <message>
      <source>Wavefront OBJ (*.obj)</source>
      <translation>Wavefront OBJ (*.obj)</translation>
    </message>
    <message>
      <source>Stanford PLY (*.ply)</source>
      <translation>Stanford PLY (*.ply)</translation>
    </message>
    <message>
      <source>The language changes when the app is started again.</source>
      <translation>语言将在下次启动应用时更改。</translation>
    </message>
    <message>
      <source>Open a stream</source>
      <translation>打开流</translation>
    </message>
    <message>
      <source>Frame</source>
      <translation>帧</translation>
    </message>
    <message>
      <source>Go to</source>
      <translation>跳转到</translation>
    </message>
    <message>
      <source>{thing}, 1 to {last}:</source>
      <translation>{thing}，1 到 {last}：</translation>
    </message>
    <message>
      <source>Open the camera first, then calibrate it.</source>
      <translation>请先打开摄像头再标定。</translation>
    </message>
    <message>
      <source>Save this frame</source>
      <translation>保存此帧</translation>
    </message>
    <message>
      <source>Reset all settings</source>
      <translation>重置所有设置</translation>
    </message>
    <message>
      <source>Forget window layout, view, model, recording choices and recent sources? Takes, clips and calibrations stay.</source>
      <translation>忘记窗口布局、视图、模型、录制选项和最近来源吗？录制、短片和标定会保留。</translation>
    </message>
    <message>
      <source>Address (http:// or rtsp://):</source>
      <translation>地址（http:// 或 rtsp://）：</translation>
    </message>
    <message>
      <source>See THIRD_PARTY.md in the source for every dependency and asset.</source>
      <translation>所有依赖和素材见源码中的 THIRD_PARTY.md。</translation>
    </message>
    <message>
      <source>Keyboard and mouse</source>
      <translation>键盘和鼠标</translation>
    </message>
    <message>
      <source>About HandS3C Live</source>
      <translation>关于 HandS3C Live</translation>
    </message>
    <message>
      <source>Log</source>
      <translation>日志</translation>
    </message>
    <message>
      <source>Copy for a bug report</source>
      <translation>复制用于错误报告</translation>
    </message>
    <message>
      <source>Live textured 3D hand meshes. Version {version}.</source>
      <translation>实时带纹理的三维手部网格。版本 {version}。</translation>
    </message>
    <message>
      <source>The app is free software under the GPL-3.0-or-later; the core library (hands3c_core) is Apache-2.0. It comes without any warranty.</source>
      <translation>本应用是遵循 GPL-3.0-or-later 的自由软件；核心库（hands3c_core）遵循 Apache-2.0。不提供任何担保。</translation>
    </message>
    <message>
      <source>Copied</source>
      <translation>已复制</translation>
    </message>
    <message>
      <source>Welcome. Hold your hands up; drag in the 3D view to turn it; press ? for all keys. What you see stays on this computer.</source>
      <translation>欢迎。请举起双手；在 3D 视图中拖动可旋转；按 ? 查看所有按键。所见内容都留在本机。</translation>
    </message>
    <message>
      <source>Welcome. {reason}, so this is the bundled clip: plug a camera in and press refresh, or open a file. Drag in the 3D view to turn it; press ? for all keys.</source>
      <translation>欢迎。{reason}，因此播放自带短片：请插上摄像头并刷新，或打开文件。在 3D 视图中拖动可旋转；按 ? 查看所有按键。</translation>
    </message>
    <message>
      <source>Only {name} was opened: several at once must all be pictures.</source>
      <translation>只打开了 {name}：一次打开多个时必须都是图片。</translation>
    </message>
    <message>
      <source>Opening…</source>
      <translation>正在打开…</translation>
    </message>
    <message>
      <source>{reason}, so this is the bundled clip. Plug a camera in, or open a file.</source>
      <translation>{reason}，因此播放自带短片。请插上摄像头，或打开文件。</translation>
    </message>
    <message>
      <source>Looking for a camera…</source>
      <translation>正在查找摄像头…</translation>
    </message>
    <message>
      <source>Open a camera, a file or a stream, or drop one here.</source>
      <translation>打开摄像头、文件或流，或拖到这里。</translation>
    </message>
    <message>
      <source>No picture</source>
      <translation>没有画面</translation>
    </message>
    <message>
      <source>Save the 3D view</source>
      <translation>保存 3D 视图</translation>
    </message>
    <message>
      <source>Size</source>
      <translation>尺寸</translation>
    </message>
    <message>
      <source>Other…</source>
      <translation>其他…</translation>
    </message>
    <message>
      <source>Transparent background</source>
      <translation>透明背景</translation>
    </message>
    <message>
      <source>The hands alone, without ground and background</source>
      <translation>只有手，没有地面和背景</translation>
    </message>
    <message>
      <source>As seen ({size})</source>
      <translation>所见尺寸（{size}）</translation>
    </message>
    <message>
      <source>Width</source>
      <translation>宽</translation>
    </message>
    <message>
      <source>Height</source>
      <translation>高</translation>
    </message>
    <message>
      <source>What is in the middle stays there; the sides follow the shape.</source>
      <translation>中间的内容保持不变；两侧随形状变化。</translation>
    </message>
    <message>
      <source>The 3D view turns once around and is saved; Y again ends it.</source>
      <translation>3D视图旋转一周并保存；再按 Y 结束。</translation>
    </message>
    <message>
      <source>There is no picture to copy yet.</source>
      <translation>还没有可复制的画面。</translation>
    </message>
    <message>
      <source>The picture ({size}) is on the clipboard.</source>
      <translation>画面（{size}）已复制到剪贴板。</translation>
    </message>
    <message>
      <source>Wrist</source>
      <translation>手腕</translation>
    </message>
    <message>
      <source>Thumb</source>
      <translation>拇指</translation>
    </message>
    <message>
      <source>Index</source>
      <translation>食指</translation>
    </message>
    <message>
      <source>Middle</source>
      <translation>中指</translation>
    </message>
    <message>
      <source>Ring</source>
      <translation>无名指</translation>
    </message>
    <message>
      <source>Little</source>
      <translation>小指</translation>
    </message>
    <message>
      <source>carpometacarpal joint</source>
      <translation>腕掌关节</translation>
    </message>
    <message>
      <source>metacarpophalangeal joint (knuckle)</source>
      <translation>掌指关节</translation>
    </message>
    <message>
      <source>interphalangeal joint</source>
      <translation>指间关节</translation>
    </message>
    <message>
      <source>proximal interphalangeal joint</source>
      <translation>近端指间关节</translation>
    </message>
    <message>
      <source>distal interphalangeal joint</source>
      <translation>远端指间关节</translation>
    </message>
    <message>
      <source>Saved {names} in {folder}</source>
      <translation>已将 {names} 保存到 {folder}</translation>
    </message>
    <message>
      <source>Nothing was saved</source>
      <translation>未保存任何内容</translation>
    </message>
    <message>
      <source>Landmark fit</source>
      <translation>关键点拟合</translation>
    </message>
    <message>
      <source>NPZ</source>
      <translation>NPZ</translation>
    </message>
    <message>
      <source>All parameters as NumPy arrays</source>
      <translation>NumPy 数组形式的全部参数</translation>
    </message>
    <message>
      <source>CSV</source>
      <translation>CSV</translation>
    </message>
    <message>
      <source>Joint angles in degrees, for a spreadsheet</source>
      <translation>以度为单位的关节角度，用于电子表格</translation>
    </message>
    <message>
      <source>GLB</source>
      <translation>GLB</translation>
    </message>
    <message>
      <source>Animated, skinned, textured hands for Blender and the web</source>
      <translation>用于 Blender 和网页的带骨骼、纹理的手部动画</translation>
    </message>
    <message>
      <source>BVH</source>
      <translation>BVH</translation>
    </message>
    <message>
      <source>Motion capture for animation programs</source>
      <translation>用于动画软件的动作捕捉</translation>
    </message>
    <message>
      <source>BVH Mixamo</source>
      <translation>BVH Mixamo</translation>
    </message>
    <message>
      <source>Motion capture with Mixamo's names, cm, for retargeting</source>
      <translation>采用 Mixamo 命名（厘米）的动作捕捉，用于重定向</translation>
    </message>
    <message>
      <source>OBJ</source>
      <translation>OBJ</translation>
    </message>
    <message>
      <source>A folder with a textured mesh per frame</source>
      <translation>每帧一个带纹理网格的文件夹</translation>
    </message>
    <message>
      <source>PLY</source>
      <translation>PLY</translation>
    </message>
    <message>
      <source>A folder with a coloured mesh per frame</source>
      <translation>每帧一个带颜色网格的文件夹</translation>
    </message>
    <message>
      <source>OpenXR</source>
      <translation>OpenXR</translation>
    </message>
    <message>
      <source>OpenXR's 26 joints, poses and radii, JSON lines</source>
      <translation>OpenXR 的 26 个关节、姿态和半径，JSON 行</translation>
    </message>
    <message>
      <source>OpenXR NPZ</source>
      <translation>OpenXR NPZ</translation>
    </message>
    <message>
      <source>OpenXR's 26 joints as arrays</source>
      <translation>数组形式的 OpenXR 26 个关节</translation>
    </message>
    <message>
      <source>Parquet</source>
      <translation>Parquet</translation>
    </message>
    <message>
      <source>A table of all parameters, a row per hand and frame</source>
      <translation>全部参数的表格，每只手每帧一行</translation>
    </message>
    <message>
      <source>USD</source>
      <translation>USD</translation>
    </message>
    <message>
      <source>Animated, skinned, textured hands for USD programs</source>
      <translation>用于 USD 软件的带骨骼、纹理的手部动画</translation>
    </message>
    <message>
      <source>Meshes, joints and curves on a timeline for the Rerun viewer</source>
      <translation>供 Rerun 查看器使用的时间轴上的网格、关节和曲线</translation>
    </message>
  </context>
</TS>
